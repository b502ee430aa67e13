/**
 * Floor 5: models that came after one another, which of them is in use, and the retraining that
 * makes the next one. {@link convoy.registry.Retraining} reads top-down.
 */
package convoy.registry;
