/** What a session counts. */

/** Totals since the start of a session; the session alone writes them. */
export class SessionStats {
  /** Streams opened, by either side. */
  streamsStarted = 0
  /** Streams on which the head of an answer came. A server leaves it at 0. */
  answersBegun = 0
  /** Streams that ended with END_STREAM from the side that answers. */
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
  /** When the last stream was opened, by the session's clock; -1 before. */
  lastStreamStartedAtMs = -1
  /** When the last open stream ended, by the session's clock; that of its making before. Of a server. */
  idleSinceMs = 0
  /** When the last octets came, by the session's clock; that of its making before. */
  lastReceivedAtMs = 0
}
