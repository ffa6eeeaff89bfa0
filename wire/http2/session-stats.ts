/** The statistics of a session. */

/** Totals since the start of a session. Only the session writes them. */
export class SessionStats {
  /** Streams opened, by either side. */
  streamsStarted = 0
  /** Client: streams on which the head of a response has arrived. */
  answersBegun = 0
  /** Streams that ended with END_STREAM of the responding side. */
  streamsSucceeded = 0
  /** Streams that ended otherwise. */
  streamsFailed = 0
  /** Frames received, of any type. */
  framesReceived = 0
  /** HEADERS and DATA frames sent. */
  framesSent = 0
  bytesReceived = 0
  bytesSent = 0
  pingsSent = 0
  pingsReceived = 0
  /** Streams reset by the peer. */
  resetsReceived = 0
  /** Streams reset by us. */
  resetsSent = 0
  /** When the last stream was opened, by the session's clock; -1 before the first. */
  lastStreamStartedAtMs = -1
  /** Server: when the last open stream ended, by the session's clock; initially when the session was created. */
  idleSinceMs = 0
  /** When the last octets arrived, by the session's clock; initially when the session was created. */
  lastReceivedAtMs = 0
}
