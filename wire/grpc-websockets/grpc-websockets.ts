/**
 * The wire format `grpc-websockets`, in which pages make calls of all four modes over a WebSocket, as the servers of improbable-eng and the
 * client of nice-grpc-web speak it. One WebSocket is one call, to the path of its method.
 *
 * The client's first binary message is the header block in ASCII. Each later one starts with a control octet: {@link Control.DATA}, and
 * then octets of gRPC-Web, or {@link Control.HALF_CLOSE} alone. The server answers with octets of gRPC-Web without control octets: an
 * envelope with the flag of trailers that holds the response headers, the messages, and an envelope with the trailers. A response that
 * has no message may be one envelope, with headers and trailers together. Envelopes may be split over WebSocket messages in any way.
 */

/** The name of the subprotocol (RFC 6455, section 11.5). */
export const SUBPROTOCOL = 'grpc-websockets'

/** The first octet of each message of the client but the first. */
export const Control = Object.freeze({ DATA: 0, HALF_CLOSE: 1 })
