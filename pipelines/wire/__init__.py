"""Files of providers in, dispatches out: ninjs, NewsML-G2 and plain JSON."""
