/** The ids of what a process shows of itself by channelz (gRFC A14). */

let lastId = 0

/** A new id: positive, ascending, unique across channels, subchannels, servers and sockets, and never given again. */
export function nextChannelzId(): number {
  lastId += 1
  return lastId
}
