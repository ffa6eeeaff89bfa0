/** Where the preset `envoy` differs from Envoy's grpc_json_transcoder, and why. */
import type { DescMethod } from '@bufbuild/protobuf'
import { protoCamelCase } from '@bufbuild/protobuf/reflect'
import type { RestDifference } from '../compare-rest.ts'
import { withoutEqualParts } from '../comparison-report.ts'
import type { RestRequest } from '../generate-requests.ts'
import type { OddityName } from '../request-oddities.ts'

/** A difference that is meant to be. */
export interface EnvoyDifference {
  /** Why it stays: one line of the report. */
  readonly reason: string
  /** @param variant the name of Envoy's configuration */
  readonly covers: (request: RestRequest, difference: RestDifference, variant: string) => boolean
}

/** All of them. The first that covers a difference counts. */
export const ENVOY_DIFFERENCES: readonly EnvoyDifference[] = [
  // Routes
  {
    reason: 'another HTTP method of a path is 405 with Allow; Envoy says 404',
    covers: (_, difference) => isStatus(difference, 405, 404),
  },
  {
    reason: 'literals are compared decoded, as RFC 3986 section 2.3 says; Envoy compares the text',
    covers: ({ oddity }, { aspect, theirs }) =>
      /^escaped letter in a (literal|value)$/.test(oddity ?? '') && aspect === 'status' && theirs === 404,
  },
  {
    reason: 'a variable takes no empty segment; Envoy captures it',
    covers: ({ target }, { aspect, ours }) =>
      /\/(?:\/|[:?]|$)/.test(target) && aspect === 'status' && [400, 404, 405].includes(ours as number),
  },
  {
    reason: 'a verb stands after a segment; Envoy takes it after a slash too',
    covers: ({ target }, { aspect }) => /\/:[a-z]+(?:\?|$)/.test(target) && ['status', 'message'].includes(aspect),
  },
  {
    reason: 'a slash after a verb is ignored as any other; for Envoy the colon is then data',
    covers: ({ target, oddity }, { aspect }) =>
      oddity === 'trailing slash' && /:[^/?]*\/(?:\?|$)/.test(target) && ['status', 'message'].includes(aspect),
  },
  {
    reason: 'a colon is data where the HTTP method has no such verb; Envoy takes the verbs of all templates for all',
    covers: ({ target, oddity }, difference) =>
      oddity === 'other HTTP method' && /:[^/]*$/.test(pathOf(target)) && isStatus(difference, 200, 404),
  },
  {
    reason: 'a colon is data where no template has the verb; with match_unregistered_custom_verb it never is',
    covers: ({ target }, _, variant) => variant === 'match_unregistered_custom_verb' && /:[^/]*$/.test(pathOf(target)),
  },

  // Escapes
  {
    reason: 'a malformed escape is an error; Envoy takes it as text',
    covers: ({ oddity }, difference) => /^malformed escape/.test(oddity ?? '') && isStatus(difference, 400, 200),
  },
  {
    reason: 'invalid UTF-8 is an error of the request; Envoy forwards it, and the server cannot decode the message',
    covers: ({ oddity }, { aspect, ours }) => oddity === 'invalid UTF-8' && aspect === 'status' && ours === 400,
  },

  // Where values come from
  {
    reason:
      'values that conflict are refused under both names of a field, and in the query; Envoy compares proto names of the body',
    covers: (request, difference, variant) =>
      variant === 'reject_binding_body_field_collisions' &&
      (request.oddity === 'parameter of a path field' || bodySetsPathField(request)) &&
      isStatus(difference, 400, 200),
  },
  {
    reason: 'a variable of the path wins over the body and the query, so that what was authorized is what is used',
    covers: (request, difference) =>
      (request.oddity === 'parameter of a path field' || bodySetsPathField(request)) &&
      (difference.aspect === 'status' || differsOnlyIn(difference, [...pathFieldsOf(request), ...ANY_VALUE])),
  },
  {
    reason: 'a parameter wins over the same field of the body; in Envoy the body does, or both are added',
    covers: ({ oddity }, { aspect }) =>
      oddity === 'parameter of a body field' && ['status', 'message'].includes(aspect),
  },
  {
    reason: 'an unknown parameter is an error; without options Envoy forwards such requests as they are',
    covers: ({ target }, difference, variant) =>
      target.includes('?') && variant === 'defaults' && isStatus(difference, 400, 404),
  },
  {
    reason: 'a parameter without a name is an error; Envoy ignores it',
    covers: ({ oddity }, difference) => oddity === 'parameter without a name' && isStatus(difference, 400, 200),
  },
  {
    reason: 'the last of several values counts; Envoy refuses two of an optional field, and adds up field masks',
    covers: ({ oddity }, { aspect }) => oddity === 'singular parameter twice' && ['status', 'message'].includes(aspect),
  },
  {
    reason: 'the names of parameters are decoded as their values are; Envoy compares the text',
    covers: ({ oddity }, { aspect, theirs }) =>
      oddity === 'escaped key' &&
      (aspect === 'message' || (aspect === 'status' && [400, 404].includes(theirs as number))),
  },
  {
    reason: 'a parameter for a message of which the path sets a field is ignored, as the path wins',
    covers: ({ oddity }, difference) => oddity === 'parameter of a message' && isStatus(difference, 200, 400),
  },
  {
    reason: 'a parameter of the same oneof as a variable of the path is an unknown one, which this variant ignores',
    covers: ({ oddity }, difference, variant) =>
      oddity === null && variant === 'ignore_unknown_query_parameters' && isStatus(difference, 200, 400),
  },

  // Values
  {
    reason: '-0 is a value of unsigned types, as in JSON',
    covers: ({ target }, difference) => /[/=]-0(?:[?&]|$)/.test(target) && isStatus(difference, 200, 400),
  },
  {
    reason: 'any number is a value of an open enum; Envoy takes those of the .proto file',
    covers: ({ oddity, target }, difference) =>
      isOneOf(oddity, ODD_TEXT) && /[/=]77(?:[?&]|$)/.test(target) && isStatus(difference, 200, 400),
  },
  {
    reason: 'numbers and booleans are written as in JSON; Envoy takes 01, +1, .5, yes and others',
    covers: ({ oddity }, difference) => isOneOf(oddity, ODD_TEXT) && isStatus(difference, 400, 200),
  },
  {
    reason: 'a google.protobuf.Value in the query is JSON; Envoy takes it as a string',
    covers: ({ target }, difference) => /[?&.](?:value)=/.test(target) && isStatus(difference, 400, 200),
  },

  // Bodies
  {
    reason: 'a body states that it is JSON: other types can be sent by pages of other sites; Envoy takes any',
    covers: ({ oddity }, { aspect, ours }) => isOneOf(oddity, CONTENT_TYPES) && aspect === 'status' && ours === 415,
  },
  {
    reason: 'Envoy finds no message in a body that is a number',
    covers: ({ body }, difference) => /^\s*-?\d/.test(body ?? '') && difference.theirs === 501,
  },
  {
    reason:
      'a stream in both directions is answered while it comes, and cut when it turns out invalid; Envoy reads it all first',
    covers: ({ method }, { aspect, ours, theirs }) =>
      method.methodKind === 'bidi_streaming' && aspect === 'status' && (ours === 0 || theirs === 400),
  },
  {
    reason: 'JSON is read as RFC 8259 says; Envoy takes quotes of JavaScript and other slips',
    covers: ({ oddity }, { aspect, ours }) => oddity === 'invalid JSON' && aspect === 'status' && ours === 400,
  },
  {
    reason: 'a key twice in an object is an error; Envoy takes both',
    covers: ({ oddity }, difference) => oddity === 'key twice in the body' && isStatus(difference, 400, 200),
  },
  {
    reason: 'null is no value of a map or a list, as ProtoJSON says; Envoy leaves it out',
    covers: ({ oddity }, difference) => oddity === 'null in the body' && isStatus(difference, 400, 200),
  },
  {
    reason: 'a byte order mark is ignored, as RFC 8259 section 8.1 allows',
    covers: ({ oddity }, { aspect, theirs }) => oddity === 'byte order mark' && aspect === 'status' && theirs === 400,
  },
  {
    reason: 'an unknown name of an enum value in the body is ignored, as unknown fields are',
    covers: ({ oddity }, difference) => oddity === 'wrong type in the body' && isStatus(difference, 200, 400),
  },
  {
    reason: 'a value of the wrong type is an error; Envoy takes lists in lists, and sends what no server can decode',
    covers: ({ oddity }, { aspect, ours }) =>
      oddity === 'wrong type in the body' && aspect === 'status' && ours === 400,
  },
  {
    reason: 'an empty body leaves the field unset; Envoy sets an empty message, and refuses it for other fields',
    covers: ({ body }, difference) =>
      body === '' && (isStatus(difference, 200, 400) || difference.aspect === 'message'),
  },
  {
    reason: 'the message in an Any has no fields with zeros; Envoy writes them',
    covers: (_, difference) => differsOnlyIn(difference, ANY_VALUE),
  },

  // Responses
  {
    reason: 'errors have a body; without convert_grpc_status those of Envoy are empty',
    covers: (_, { aspect, theirs }, variant) =>
      variant === 'defaults' && aspect === 'body' && Array.isArray(theirs) && theirs.length === 0,
  },
  {
    reason: 'an error has a message, if an empty one; Envoy leaves it out',
    covers: (_, { aspect, ours }) => aspect === 'body' && hasEmptyMessage(ours),
  },
  {
    reason: 'a google.api.HttpBody whose content type is no media type is an error of the service',
    covers: ({ method }, { aspect, ours }) => method.name === 'Download' && aspect === 'status' && ours === 500,
  },
  {
    reason: 'a google.api.HttpBody without a content type is application/octet-stream; Envoy says JSON',
    covers: ({ method }, { aspect }) => ['Download', 'CountFiles'].includes(method.name) && aspect === 'headers',
  },
  {
    reason: 'lines of JSON are application/x-ndjson; Envoy says application/json',
    covers: ({ method }, { aspect }, variant) =>
      variant === 'stream_newline_delimited' && isOneOf(method.methodKind, STREAMS) && aspect === 'headers',
  },
  {
    reason: 'an error after the first message is sent, or cuts the response; Envoy ends it as if it were complete',
    covers: ({ method, target }, { aspect }) =>
      method.methodKind === 'server_streaming' && /[?&]code=/.test(target) && ['status', 'body'].includes(aspect),
  },
]

/** Of an Any: see the entry about those. */
const ANY_VALUE: readonly string[] = ['value']
const ODD_TEXT: readonly OddityName[] = ['odd text in the path', 'odd text in the query']
const STREAMS: readonly DescMethod['methodKind'][] = ['server_streaming', 'bidi_streaming']
const CONTENT_TYPES: readonly OddityName[] = ['no content type', 'other content type', 'content type of gRPC']

function isOneOf<Name>(name: Name | null, names: readonly Name[]): boolean {
  return name !== null && names.includes(name)
}

function isStatus({ aspect, ours, theirs }: RestDifference, our: number, their: number): boolean {
  return aspect === 'status' && ours === our && theirs === their
}

function pathOf(target: string): string {
  return target.split('?', 1)[0] ?? ''
}

/** Whether the body has the name of a field that the path sets. */
function bodySetsPathField({ rule, body, oddity }: RestRequest): boolean {
  if (body === null) return false
  return (
    oddity === 'other HTTP method' ||
    namesIn(rule).some((name) => body.includes(`"${name}":`) || body.includes(`"${protoCamelCase(name)}":`))
  )
}

/** The last names of the fields that the path sets, as they are in JavaScript, and their oneofs. */
function pathFieldsOf({ method, rule, oddity }: RestRequest): readonly string[] {
  const oneofs = method.input.oneofs.map(({ localName }) => localName)
  // Another HTTP method may lead to another rule.
  const others = oddity === 'other HTTP method' ? ['text', 'stringValue'] : []
  return [...namesIn(rule).map((name) => protoCamelCase(name)), ...oneofs, ...others]
}

function namesIn({ pattern }: RestRequest['rule']): readonly string[] {
  const template = pattern.case === 'custom' ? pattern.value.path : (pattern.value ?? '')
  return [...template.matchAll(/\{(?:[a-z_0-9]+\.)*([a-z_0-9]+)[=}]/g)].map(([, name = '']) => name)
}

/** Whether messages are equal except for fields of these names, at any depth. */
function differsOnlyIn({ aspect, ours, theirs }: RestDifference, names: readonly string[]): boolean {
  return aspect === 'message' && isMadeOf(withoutEqualParts(ours, theirs)[0], names)
}

function isMadeOf(part: unknown, names: readonly string[]): boolean {
  if (typeof part !== 'object' || part === null) return false
  return Object.entries(part).every(([name, inner]) => names.includes(name) || isMadeOf(inner, names))
}

function hasEmptyMessage(body: unknown): boolean {
  return Array.isArray(body) && body.some((line) => line?.message === '')
}
