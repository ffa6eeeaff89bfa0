/** Where the preset `grpcGateway` differs from grpc-gateway, and why. docs/migrating/grpc-gateway.md has them for users. */
import type { GatewayOddityName } from './gateway-oddities.ts'
import type { KnownDifference } from './known-differences.ts'
import type { OddityName } from './request-oddities.ts'

type Known = KnownDifference<OddityName | GatewayOddityName>

/** What protobuf-es may read, and protojson may not. */
const JSON_ODDITIES: NonNullable<Known['oddities']> = [
  'form of bytes',
  'form of a timestamp',
  'form of a field mask',
  'forms of a map key',
  'null as the body',
  'invalid JSON',
  'two values in the body',
]

/** Routing. */
const ROUTES: readonly Known[] = [
  {
    reason: '405 with Allow for a wrong HTTP method, which is 501 there',
    aspect: 'status',
    ours: 405,
    theirs: 501,
  },
  {
    reason: 'the app answers paths with which no binding begins, not the gateway',
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
const VALUES: readonly Known[] = [
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
    reason: 'members of a oneof that the path sets are no parameters',
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

/** Bodies. */
const BODIES: readonly Known[] = [
  {
    reason: 'a scalar or enum as the body is ProtoJSON too: 64-bit numbers as text, enums by name',
    rules: /body\/(number|numbers|enum|bytes|text|bool|strings)$/,
    aspect: 'status',
    theirs: 400,
  },
  {
    reason: 'a scalar or enum as the body is ProtoJSON too: 64-bit numbers as text, enums by name',
    rules: /body\/(number|numbers|enum|bytes|text|bool|strings)$/,
    aspect: 'status',
    ours: 400,
    theirs: 200,
  },
  {
    reason: 'only JSON is read as JSON, as browsers send other types across sites without asking',
    oddities: ['no content type', 'other content type', 'content type of gRPC', 'form in place of a GET'],
    aspect: 'status',
    ours: 415,
  },
  {
    reason: 'a body is one JSON value, and nothing may follow it',
    oddities: ['two values in the body', 'invalid JSON'],
    aspect: 'status',
    ours: 400,
  },
  { reason: 'a byte order mark is skipped', oddities: ['byte order mark'], aspect: 'status', theirs: 400 },
  {
    reason: 'null as the body leaves the message or field unset',
    oddities: ['null as the body'],
    aspect: 'status',
    ours: 200,
    theirs: 400,
  },
  {
    reason: 'JSON of 100 levels at most, there 10,000; the server behind it has its own limit',
    oddities: ['nested 60 deep', 'nested 300 deep'],
    aspect: 'status',
    theirs: 500,
  },
  {
    reason: 'an empty body leaves the field unset, there it sets an empty message',
    oddities: ['empty body'],
    aspect: 'message',
  },
  {
    reason: 'a malformed message in a bidirectional stream is an error, there it ends the requests',
    rules: /chat/,
    aspect: 'status',
    ours: 400,
    theirs: 200,
  },
  {
    reason: 'a malformed message in a bidirectional stream is an error, there it ends the requests',
    oddities: JSON_ODDITIES,
    rules: /chat/,
    aspect: 'message',
  },
  {
    reason: 'a bidirectional stream has the envelope for every error',
    rules: /chat/,
    oddities: ['malformed binary metadata header', 'malformed timeout', 'long timeout'],
    aspect: 'body',
  },
  {
    reason: 'a field that the path sets is not in the mask of a PATCH, even if the body has it too',
    rules: /patch\/\{kinds/,
    aspect: 'message',
  },
  {
    reason: 'a stream of requests may be a JSON array',
    oddities: ['other JSON as the body'],
    rules: /collect|chat/,
    aspect: 'status',
    ours: 200,
    theirs: 400,
  },
  {
    reason: 'a stream of requests may be a JSON array',
    oddities: ['list of messages'],
    aspect: 'message',
  },
  {
    reason: 'a stream of requests may be a JSON array',
    oddities: ['list of messages'],
    aspect: 'status',
    ours: 200,
    theirs: 400,
  },
]

/** ProtoJSON as protobuf-es reads it, and as Go's protojson does. */
const JSON_FORMS: readonly Known[] = [
  {
    reason: '64-bit numbers in quotes have digits only',
    oddities: ['form of a number'],
    body: /64Value":"/,
    aspect: 'status',
    ours: 400,
    theirs: 200,
  },
  {
    reason: 'numbers in quotes may have white space around them, and some be hexadecimal',
    oddities: ['form of a number'],
    body: /":"(0x1| 1)"/,
    aspect: 'status',
    ours: 200,
    theirs: 400,
  },
  {
    reason: 'minus zero of an unsigned number is kept, and written as zero',
    oddities: ['form of a number'],
    body: /:"?-0"?\}/,
    aspect: 'message',
  },
  {
    reason: 'minus zero of a double is written as zero',
    oddities: ['form of a number'],
    body: /:"?-0"?\}/,
    aspect: 'body',
  },
  {
    reason: 'an offset of 24 hours is not valid',
    oddities: ['form of a timestamp'],
    body: /\+24:00/,
    aspect: 'status',
    ours: 400,
    theirs: 200,
  },
  {
    reason: 'hour 24 is the midnight that follows, and February 29 March 1',
    oddities: ['form of a timestamp'],
    body: /T24:00|2023-02-29/,
    aspect: 'status',
    ours: 200,
    theirs: 400,
  },
  {
    reason: 'durations have no plus, and digits on both sides of the point',
    oddities: ['form of a duration'],
    body: /"\+1s"|"1\.s"|"\.5s"/,
    aspect: 'status',
    ours: 400,
    theirs: 200,
  },
  {
    reason: 'white space in base64 is skipped',
    oddities: ['form of bytes'],
    body: /"A A="/,
    aspect: 'status',
    ours: 200,
    theirs: 400,
  },
  {
    reason: 'field masks may have empty paths',
    oddities: ['form of a field mask'],
    body: /,,|","/,
    aspect: 'status',
    ours: 200,
    theirs: 400,
  },
  {
    reason: 'field masks may have any text',
    oddities: ['wrong type in the body'],
    body: /Mask":"\u00e9"/,
    aspect: 'status',
    ours: 200,
    theirs: 400,
  },
  {
    reason: 'the keys of a map of numbers may be written as any number',
    oddities: ['forms of a map key'],
    body: /"1\.0"/,
    aspect: 'status',
    ours: 200,
    theirs: 400,
  },
  {
    reason: 'white space in field masks stays',
    oddities: ['form of a field mask'],
    body: /" a"/,
    aspect: 'message',
  },
  {
    reason: 'an Any without a type is not valid, even with fields that could be discarded',
    oddities: ['form of an Any'],
    body: /"any":\{"text":"a"\}/,
    aspect: 'status',
    ours: 400,
    theirs: 200,
  },
  {
    reason: 'the type of an Any gets the prefix type.googleapis.com',
    oddities: ['form of an Any'],
    body: /"@type":"\/?kinds/,
    aspect: 'message',
  },
]

/** Responses. */
const RESPONSES: readonly Known[] = [
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
    reason: 'a response that has no JSON is INTERNAL, there UNKNOWN',
    aspect: 'body',
    ours: 500,
    theirs: 500,
  },
]

/** Headers. */
const HEADERS: readonly Known[] = [
  {
    reason: 'a form is no body of a method that takes one',
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
export const GATEWAY_DIFFERENCES: readonly Known[] = [
  ...ROUTES,
  ...VALUES,
  ...BODIES,
  ...JSON_FORMS,
  ...RESPONSES,
  ...HEADERS,
]

/** Of the mode that is the default there, which decodes the path before it looks for the route. */
export const DECODED_BEFORE_ROUTING: readonly Known[] = [
  {
    reason: 'an escaped slash is part of a value, there it separates segments before routing',
    target: /^[^?]*%2f/i,
    theirs: 404,
    aspect: 'status',
  },
]

/** Of the other modes. */
export const OTHER_MODES: readonly Known[] = [
  {
    reason: 'a variable of several segments keeps these escapes, there if it has ** and Go has kept the raw path',
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
