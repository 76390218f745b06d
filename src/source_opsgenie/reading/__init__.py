"""How a stream is read: completely, resumably and provably, without a socket."""
