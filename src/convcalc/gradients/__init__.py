"""Gradients of a loss by inputs, weights and biases, their explanations, and gradient descent with them."""
