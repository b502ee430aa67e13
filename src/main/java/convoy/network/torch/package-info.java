/** The default engine: libtorch, on processors and on NVIDIA GPUs. The only door to it. */
package convoy.network.torch;
