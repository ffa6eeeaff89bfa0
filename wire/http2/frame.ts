/** The constants of HTTP/2 framing (RFC 9113, sections 3.4, 4.1 and 6). */
import { Buffer } from 'node:buffer'

/** What a client sends first. */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** Length of the header that starts each frame. */
export const FRAME_HEADER_BYTES = 9

/** The largest payload that a side must accept unless it announced more; we never announce more. */
export const DEFAULT_MAX_FRAME_SIZE = 16_384

/** The upper end of SETTINGS_MAX_FRAME_SIZE. */
export const LARGEST_FRAME_SIZE = 16_777_215

/** The largest window, increment and stream id. */
export const MAX_31_BIT = 0x7fffffff

/** The window that every stream and connection has before SETTINGS and WINDOW_UPDATE say otherwise. */
export const DEFAULT_WINDOW = 65_535

/** The frame types that this implementation knows. All others are ignored. */
export const FrameType = Object.freeze({
  DATA: 0x0,
  HEADERS: 0x1,
  PRIORITY: 0x2,
  RST_STREAM: 0x3,
  SETTINGS: 0x4,
  PUSH_PROMISE: 0x5,
  PING: 0x6,
  GOAWAY: 0x7,
  WINDOW_UPDATE: 0x8,
  CONTINUATION: 0x9,
})

/** The flags of a frame header. The same bit means ACK on SETTINGS and PING, END_STREAM on DATA and HEADERS. */
export const FrameFlag = Object.freeze({
  NONE: 0x0,
  ACK: 0x1,
  END_STREAM: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
})
