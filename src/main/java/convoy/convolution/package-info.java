/**
 * Floor 1: the operations of convolutional networks as their definitions, in double precision and
 * without native code: values, gradients, shapes, costs, receptive fields. Slow, and right: every
 * layer that a network uses is tested against them.
 */
package convoy.convolution;
