/** Allocates the ids of channelz entities (gRFC A14). */

let lastId = 0

/** Returns a new id: positive, ascending, unique across channels, subchannels, servers and sockets, and never reused. */
export function nextChannelzId(): number {
  lastId += 1
  return lastId
}
