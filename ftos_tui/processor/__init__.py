"""The processor: claims messages step by step, sends them, and writes down what became of each."""
