"""Real servers on loopback, each in a folder and on ports of its own, gone when the tests are over."""
