/** Where the preset `grpcGateway` differs from grpc-gateway, and why. docs/migrating/grpc-gateway.md has them for users. */
import { GATEWAY_BODY_DIFFERENCES, type GatewayDifference } from './grpc-gateway-body-differences.ts'

/** Routing. */
const ROUTES: readonly GatewayDifference[] = [
  {
    reason: '405 with Allow for a wrong HTTP method, which is 501 there',
    aspect: 'status',
    ours: 405,
    theirs: 501,
  },
  {
    reason: 'a path below no literal beginning of a binding is answered by the app, not in the form of REST',
    aspect: 'body',
    oddities: ['empty segment', 'upper case literal', 'one segment less', 'trailing slash', 'one more segment'],
    ours: 404,
    theirs: 404,
  },
  {
    reason: 'a variable does not match an empty segment',
    oddities: ['empty value', 'one segment less', 'trailing slash', 'empty segment'],
    aspect: 'status',
    ours: 404,
  },
  {
    reason: 'literals are compared decoded',
    rules: /%20/,
    aspect: 'status',
    theirs: 404,
  },
]

/** Queries and values in paths. */
const VALUES: readonly GatewayDifference[] = [
  {
    reason: 'numbers are as in JSON: no plus, no leading zeros, no bare point',
    oddities: ['odd text in the query', 'odd text in the path'],
    aspect: 'status',
    ours: 400,
  },
  {
    reason: 'minus zero is zero, for unsigned numbers too',
    oddities: ['odd text in the query', 'odd text in the path'],
    target: /[=/]-0/,
    aspect: 'status',
    ours: 200,
    theirs: 400,
  },
  {
    reason: 'an open enum has any 32-bit number',
    target: /[=/]77\b/,
    aspect: 'status',
    theirs: 400,
  },
  {
    reason: 'durations have the range of google.protobuf.Duration, there that of time.Duration: 292 years',
    target: /urations?=315576000000s|duration\/315576000000s/,
    aspect: 'status',
    theirs: 400,
  },
  {
    reason: 'field masks are in snake case after reading, whatever the query has',
    target: /displayName/,
    aspect: 'status',
    theirs: 500,
  },
  {
    reason: 'a semicolon is part of a value',
    oddities: ['semicolon in the query'],
    aspect: 'status',
    theirs: 400,
  },
  {
    reason: 'google.protobuf.Empty cannot be a parameter',
    oddities: ['JSON parameter', 'parameter of a message'],
    target: /[?&]empty=/,
    aspect: 'status',
    ours: 400,
    theirs: 200,
  },
  {
    reason: 'google.protobuf.ListValue can be a parameter',
    oddities: ['JSON parameter'],
    target: /list_value/,
    aspect: 'status',
    ours: 200,
    theirs: 400,
  },
  {
    reason: 'other members of a oneof that the path sets are ignored as unknown parameters',
    rules: /oneof/,
    aspect: 'status',
    ours: 200,
    theirs: 400,
  },
  {
    reason: 'a path through a well-known type creates nothing',
    oddities: ['path through a scalar'],
    aspect: 'message',
  },
  {
    reason: 'text that is not UTF-8 is a fault of the client',
    oddities: ['invalid UTF-8'],
    aspect: 'status',
    ours: 400,
    theirs: 500,
  },
  {
    reason: 'a malformed escape in a path is answered as JSON too',
    oddities: ['malformed escape'],
    aspect: 'body',
    ours: 400,
    theirs: 400,
  },
]

/** Responses. */
const RESPONSES: readonly GatewayDifference[] = [
  {
    reason: 'a scalar as response body is ProtoJSON too: 64-bit numbers as text, empty bytes as ""',
    rules: /response\/(long|longs|bytes)$/,
    aspect: 'body',
  },
  {
    reason: 'an unset well-known type as response body is null, there its zero value',
    rules: /response\/(time|wrapper)$/,
    aspect: 'body',
  },
  {
    reason: 'HttpBody without a content type is application/octet-stream, there it has none',
    rules: /download|files/,
    aspect: 'headers',
  },
  {
    reason: 'HttpBody with a content type that is no media type is an error of the service',
    rules: /download/,
    aspect: 'status',
    ours: 500,
    theirs: 200,
  },
  {
    reason: 'a stream of HttpBody that fails is cut off, there the error follows as JSON',
    rules: /files/,
    aspect: 'status',
    ours: 0,
    theirs: 200,
  },
  { reason: 'an empty stream has its content type, there it has none', rules: /count|parts|chat/, aspect: 'headers' },
  {
    reason: 'a client that asks for problem details gets them',
    oddities: ['accepts another form'],
    aspect: 'body',
  },
  {
    reason: 'a client that asks for server-sent events or plain lines gets a stream without the envelope',
    oddities: ['accepts another form', 'accepts HTML', 'accepts JSON'],
    rules: /count|parts|chat/,
    aspect: 'body',
  },
  {
    reason: 'messages in an Any have no null for what is unset',
    oddities: ['form of an Any'],
    aspect: 'body',
  },
  {
    reason: 'parts of a stream of HttpBody are joined as they are, there with line feeds, and errors have an envelope',
    rules: /files/,
    aspect: 'body',
  },
  {
    reason: 'a response that cannot be written as JSON is INTERNAL, there UNKNOWN',
    aspect: 'body',
    ours: 500,
    theirs: 500,
  },
]

/** Headers. */
const HEADERS: readonly GatewayDifference[] = [
  {
    reason: 'a form cannot override the HTTP method of a binding that takes a body',
    oddities: ['method override'],
    aspect: 'status',
    ours: 405,
    theirs: 200,
  },
  {
    reason: 'binary metadata may be URL-safe base64',
    oddities: ['malformed binary metadata header'],
    aspect: 'status',
    theirs: 400,
  },
  {
    reason: 'text of headers that is not ASCII reaches the service, there it is dropped',
    oddities: ['text in a header that is not ASCII'],
    aspect: 'metadata',
  },
  {
    reason: 'a timeout has eight digits at most, as gRPC says',
    oddities: ['long timeout'],
    aspect: 'status',
    ours: 400,
  },
]

/** In every mode. */
export const GATEWAY_DIFFERENCES: readonly GatewayDifference[] = [
  ...ROUTES,
  ...VALUES,
  ...GATEWAY_BODY_DIFFERENCES,
  ...RESPONSES,
  ...HEADERS,
]

/** Of the mode that is the default there, which decodes the path before it looks for the route. */
export const DECODED_BEFORE_ROUTING: readonly GatewayDifference[] = [
  {
    reason: 'an escaped slash is part of a value, there it separates segments before routing',
    target: /^[^?]*%2f/i,
    theirs: 404,
    aspect: 'status',
  },
]

/** Of the other modes. */
export const OTHER_MODES: readonly GatewayDifference[] = [
  {
    reason:
      'a variable of several segments keeps the escapes that the mode excepts, there only with ** and if Go has kept the raw path',
    target: /^[^?]*%/,
    rules: /=(shelves|projects|\*\*)/,
    aspect: 'message',
  },
  {
    reason: 'literals are compared decoded',
    oddities: ['escaped letter in a literal'],
    theirs: 404,
    aspect: 'status',
  },
]
