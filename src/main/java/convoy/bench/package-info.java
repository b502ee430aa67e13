/** Floor 4: measures engines against each other, each in processes of its own. */
package convoy.bench;
