/** Where the preset `grpcGateway` reads bodies differently from grpc-gateway, and why. */
import type { GatewayOddityName } from './gateway-oddities.ts'
import type { KnownDifference } from './known-differences.ts'
import type { OddityName } from './request-oddities.ts'

/** A difference from grpc-gateway that is meant to be. */
export type GatewayDifference = KnownDifference<OddityName | GatewayOddityName>

/** What protobuf-es may read, and protojson may not. */
const JSON_ODDITIES: NonNullable<GatewayDifference['oddities']> = [
  'form of bytes',
  'form of a timestamp',
  'form of a field mask',
  'forms of a map key',
  'null as the body',
  'invalid JSON',
  'two values in the body',
]

/** Bodies. */
const BODIES: readonly GatewayDifference[] = [
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
const JSON_FORMS: readonly GatewayDifference[] = [
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
    reason: 'map keys of a number type may have decimals that are zero',
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

/** All of them. */
export const GATEWAY_BODY_DIFFERENCES: readonly GatewayDifference[] = [...BODIES, ...JSON_FORMS]
