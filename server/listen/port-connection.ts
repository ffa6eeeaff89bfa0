/** The open connections of a port, as channelz shows them. */
import type { Socket } from 'node:net'
import type { Http2Session } from '../../wire/http2/http2.ts'

/** An open connection. */
export interface PortConnection {
  /** The object by which observers know the connection: `CallStart.connection`. */
  readonly key: object
  readonly socket: Socket
  /** Null for HTTP/1.1, and for sessions that are not our own. */
  readonly session: Pick<Http2Session, 'stats' | 'sendWindow' | 'receiveWindow'> | null
}
