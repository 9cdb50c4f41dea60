"""The CSMS role against plain peers: a Role with handlers of the test's own."""
