/** Allocates the ids of channelz entities (gRFC A14). */

/** The ids of a process. Ids stay exact in a number for 2 million processes. */
const IDS_PER_PROCESS = 2 ** 32

let lastId = 0

/** Returns a new id: positive, ascending, unique across channels, subchannels, servers and sockets, and never reused. */
export function nextChannelzId(): number {
  lastId += 1
  return lastId
}

/** Makes the ids of this process differ from those of other processes with other numbers. Called before the first id is given. */
export function startChannelzIds(process: number): void {
  lastId = process * IDS_PER_PROCESS
}

/** Returns the number of the process that an id belongs to; 0 if that has set none. */
export function processOfChannelzId(id: number): number {
  return Math.floor(id / IDS_PER_PROCESS)
}
