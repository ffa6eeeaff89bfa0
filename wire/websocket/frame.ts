/** What frames of WebSocket consist of (RFC 6455, section 5.2), and the codes with which connections close (section 7.4). */

/** The kinds of frames that RFC 6455 defines. All others are reserved. */
export const Opcode = Object.freeze({ CONTINUATION: 0x0, TEXT: 0x1, BINARY: 0x2, CLOSE: 0x8, PING: 0x9, PONG: 0xa })

/** The bit that control frames have, and data frames do not. */
export const CONTROL_BIT = 0x8

/** Octets in the payload of a control frame. */
export const MAX_CONTROL_BYTES = 125

/** Octets of the head of a frame: two, up to eight of length, four of the mask. */
export const MAX_HEAD_BYTES = 14

/** Values of the seven-bit length that announce a longer one. */
export const LengthMark = Object.freeze({ UINT16: 126, UINT64: 127 })

/** The codes that this implementation sends, and the one that stands for a connection that was lost. */
export const CloseCode = Object.freeze({
  NORMAL: 1_000,
  GOING_AWAY: 1_001,
  PROTOCOL_ERROR: 1_002,
  UNSUPPORTED_DATA: 1_003,
  /** Never sent: a close frame without a code. */
  NO_CODE: 1_005,
  /** Never sent: no close frame has arrived. */
  ABNORMAL: 1_006,
  INVALID_PAYLOAD: 1_007,
  POLICY_VIOLATION: 1_008,
  TOO_LARGE: 1_009,
  INTERNAL_ERROR: 1_011,
  TRY_AGAIN_LATER: 1_013,
})

/** Whether a close frame may have this code: those that are assigned to be sent, and those that applications may choose. */
export function isCloseCode(code: number): boolean {
  if (code >= 3_000) return code <= 4_999
  return code >= 1_000 && code <= 1_014 && code !== 1_004 && code !== CloseCode.NO_CODE && code !== CloseCode.ABNORMAL
}
