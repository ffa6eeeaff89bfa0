/** What else can be unusual about a request to grpc-gateway: its headers, its query syntax, its body, streams and errors. */
import { takesStream } from '../../../server/rpc/protocols/rest/binding/check-rule.ts'
import type { SeededRandom } from '../../support/seeded-random.ts'
import { GATEWAY_BODY_ODDITIES } from './gateway-body-oddities.ts'
import type { RequestDraft } from './request-draft.ts'
import { changeBody, type RequestOddity } from './request-oddities.ts'

/** All of them. */
export const GATEWAY_ODDITIES = [
  // Headers
  {
    name: 'metadata header',
    apply: (draft, random) =>
      set(draft, random.pick(['grpc-metadata-x-a', 'Grpc-Metadata-X-B', 'GRPC-METADATA-x_c.d'])),
  },
  {
    name: 'binary metadata header',
    apply: (draft, random) =>
      set(draft, 'grpc-metadata-x-bin', random.pick(['AAEC', '/+8=', '/+8', 'AA', '', 'YWJjZA=='])),
  },
  {
    name: 'malformed binary metadata header',
    apply: (draft, random) => set(draft, 'grpc-metadata-x-bin', random.pick(['*', 'A', '_-8=', 'AAE=A', 'AAE=AAE='])),
  },
  {
    name: 'metadata header with a reserved name',
    apply: (draft, random) =>
      set(
        draft,
        random.pick([
          'grpc-metadata-grpcgateway-host',
          'grpc-metadata-x-forwarded-for',
          'grpc-metadata-x-forwarded-host',
        ]),
      ),
  },
  { name: 'permanent header', apply: (draft, random) => set(draft, random.pick(PERMANENT)) },
  {
    name: 'other header',
    apply: (draft, random) => set(draft, random.pick(['x-custom', 'dnt', 'x-real-ip', 'grpcgateway-host'])),
  },
  {
    name: 'authorization',
    apply: (draft, random) => set(draft, 'authorization', random.pick(['Bearer abc', 'Basic YTpi'])),
  },
  {
    name: 'forwarded header',
    apply: (draft, random) =>
      random.below(2) === 0 ? set(draft, 'x-forwarded-for', '10.1.2.3') : set(draft, 'x-forwarded-host', 'example.com'),
  },
  {
    name: 'text in a header that is not ASCII',
    apply: (draft, random) => set(draft, random.pick(['grpc-metadata-x-a', 'from']), '\u00e9'),
  },
  {
    name: 'timeout',
    apply: (draft, random) => set(draft, 'grpc-timeout', random.pick(['5S', '1H', '2M', '5000m', '9000000u'])),
  },
  { name: 'long timeout', apply: (draft) => set(draft, 'grpc-timeout', '12345678901S') },
  {
    name: 'malformed timeout',
    apply: (draft, random) => set(draft, 'grpc-timeout', random.pick(['5', 'S', '5s', '5x', '-5S', '1.5S', '5 S'])),
  },
  {
    name: 'accepts JSON',
    apply: (draft, random) => set(draft, 'accept', random.pick(['application/json', '*/*', 'application/*'])),
  },
  { name: 'accepts HTML', apply: (draft, random) => set(draft, 'accept', random.pick(['text/html', 'image/png'])) },
  {
    name: 'accepts another form',
    apply: (draft, random) =>
      set(draft, 'accept', random.pick(['text/event-stream', 'application/x-ndjson', 'application/problem+json'])),
  },
  { name: 'trailers are welcome', apply: (draft) => set(draft, 'te', 'trailers') },
  { name: 'method override', apply: methodOverride },
  { name: 'form in place of a GET', apply: formForGet },

  // Queries
  { name: 'map parameter', apply: (draft, random) => parameter(draft, random.pick(MAP_PARAMETERS)) },
  {
    name: 'malformed map parameter',
    apply: (draft, random) => parameter(draft, random.pick(MALFORMED_MAP_PARAMETERS)),
  },
  { name: 'Go duration', apply: (draft, random) => parameter(draft, ['duration', random.pick(GO_DURATIONS)]) },
  { name: 'JSON parameter', apply: (draft, random) => parameter(draft, random.pick(JSON_PARAMETERS)) },
  { name: 'undeclared number of an enum', apply: (draft) => parameter(draft, ['enum_value', '77']) },
  { name: 'both names in the query', apply: bothNames },
  { name: 'semicolon in the query', apply: (draft) => parameter(draft, ['string_value', 'a;int32_value=5']) },
  { name: 'empty pairs', apply: (draft, random) => parameter(draft, [random.pick(['&', '&&int32_value', '']), '']) },
  {
    name: 'path through a scalar',
    apply: (draft, random) => parameter(draft, [random.pick(['int32_value.x', 'strings.x', 'timestamp.x']), '1']),
  },
  { name: 'seconds of a timestamp', apply: (draft) => parameter(draft, ['timestamp.seconds', '5']) },

  ...GATEWAY_BODY_ODDITIES,

  // Errors and streams
  { name: 'error of the service', apply: errorOfService },
  { name: 'headers of the service', apply: headersOfService },
  {
    name: 'stream that fails',
    apply: (draft, random) =>
      draft.path.some(({ key }) => key === 'messages') && parameter(draft, ['code', String(1 + random.below(16))]),
  },
  {
    name: 'several messages',
    apply: (draft, random) => severalMessages(draft, random.pick(['', '\n', ' ', '\r\n\r\n'])),
  },
  {
    name: 'list of messages',
    apply: (draft) => takesStream(draft.method) && changeBody(draft, (text) => `[${text},${text}]`),
  },
  {
    name: 'malformed second message',
    apply: (draft) =>
      draft.method.methodKind === 'client_streaming' && changeBody(draft, (text) => `${text}\n{"int32Value":"x"}\n`),
  },
] as const satisfies readonly RequestOddity[]

/** The name of one. */
export type GatewayOddityName = (typeof GATEWAY_ODDITIES)[number]['name']

const PERMANENT = [
  'accept-charset',
  'accept-language',
  'cache-control',
  'cookie',
  'from',
  'if-match',
  'if-none-match',
  'max-forwards',
  'origin',
  'pragma',
  'referer',
  'user-agent',
  'via',
  'warning',
]

type Pair = readonly [key: string, value: string]

const MAP_PARAMETERS: readonly Pair[] = [
  ['string_to_string[a]', 'b'],
  ['stringToString[a]', 'b'],
  ['string_to_string%5Ba%5D', 'b'],
  ['string_to_int64[a]', '9007199254740993'],
  ['string_to_bool[a]', 'true'],
  ['string_to_double[a]', '1.5'],
  ['string_to_bytes[a]', 'AAE%3D'],
  ['string_to_enum[a]', 'KIND_TWO'],
  ['string_to_timestamp[a]', '2024-02-29T12:34:56Z'],
  ['int32_to_string[-7]', 'b'],
  ['int64_to_string[9007199254740993]', 'b'],
  ['uint64_to_int32[18446744073709551615]', '3'],
  ['bool_to_string[true]', 'b'],
  ['nested.counts[a]', '3'],
  ['string_to_string[a.b]', 'c'],
  ['string_to_string[__proto__]', 'c'],
  ['string_to_string[]', 'c'],
]

const MALFORMED_MAP_PARAMETERS: readonly Pair[] = [
  ['string_to_string', 'b'],
  ['string_to_string[a', 'b'],
  ['int32_to_string[x]', 'b'],
  ['string_to_nested[a]', 'b'],
  ['string_to_int64[a]', 'x'],
  ['strings[0]', 'b'],
  ['string_value[a]', 'b'],
  ['unknown[a]', 'b'],
  ['nested[text]', 'b'],
]

const GO_DURATIONS = ['1h2m', '1.5h', '300ms', '5us', '5%C2%B5s', '1m30.5s', '0', '-2h', '1h+1m', '5', '1d', '']

const JSON_PARAMETERS: readonly Pair[] = [
  ['struct', '%7B%22a%22%3A1%7D'],
  ['struct', '%7B%7D'],
  ['struct', '%5B%5D'],
  ['value', '1'],
  ['value', 'null'],
  ['value', '%22a%22'],
  ['value', '%7B%22a%22%3A%5B1%5D%7D'],
  ['value', 'a'],
  ['list_value', '%5B1%5D'],
  ['any', '%7B%7D'],
  ['empty', ''],
  ['empty', '%7B%7D'],
  ['empty', 'x'],
]

function set(draft: RequestDraft, name: string, value = 'some text'): boolean {
  draft.headers[name] = value
  return true
}

function parameter({ method, query, rule }: RequestDraft, [key, value]: Pair): boolean {
  const [name = ''] = key.split(/[.[%]/)
  const isOfMethod = name === 'code' || method.input.fields.some((each) => each.name === 'string_to_string')
  if (!isOfMethod || rule.body !== '' || query.some((each) => each.key === name)) return false
  query.push({ key, value, field: null })
  return true
}

function methodOverride(draft: RequestDraft, random: SeededRandom): boolean {
  if (draft.verb === 'POST') return false
  draft.headers['x-http-method-override'] = random.below(3) === 0 ? draft.verb.toLowerCase() : draft.verb
  draft.headers['content-type'] = random.pick(['application/x-www-form-urlencoded', 'application/json'])
  draft.verb = 'POST'
  return true
}

function formForGet(draft: RequestDraft, random: SeededRandom): boolean {
  if (draft.verb !== 'GET') return false
  draft.verb = 'POST'
  draft.headers['content-type'] = random.pick([
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded; charset=utf-8',
  ])
  draft.body = draft.query.map(({ key, value }) => `${key}=${value}`).join('&')
  draft.query.length = 0
  return true
}

function bothNames({ query, rule }: RequestDraft): boolean {
  if (rule.body !== '' || !query.some(({ field: set }) => set !== null)) return false
  query.push({ key: 'int32_value', value: '1', field: null }, { key: 'int32Value', value: '2', field: null })
  return true
}

function errorOfService(draft: RequestDraft, random: SeededRandom): boolean {
  if (draft.method.name !== 'Fail') return false
  const code = draft.path.find(({ key }) => key === 'code')
  if (code !== undefined) code.text = String(1 + random.below(16))
  const details = random.pick([
    '',
    '{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"r","metadata":{"a":"b"}}',
    '{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.5s"}',
    '{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"a"}]},{"@type":"type.googleapis.com/kinds.v1.Nested"}',
  ])
  draft.body = `{"message":"${random.pick(['text', '', 'text \u00e9', 'a\\"b'])}","details":[${details}]}`
  return true
}

function headersOfService(draft: RequestDraft, random: SeededRandom): boolean {
  if (draft.method.name !== 'Headers') return false
  draft.body = JSON.stringify({
    headers: { 'x-a': 'b', [random.pick(['x-c', 'etag', 'location'])]: 'd' },
    trailers: { 'x-t': 'e' },
    fails: random.below(3) === 0,
  })
  if (random.below(2) === 0) draft.headers.te = 'trailers'
  return true
}

function severalMessages(draft: RequestDraft, separator: string): boolean {
  return takesStream(draft.method) && changeBody(draft, (text) => [text, text, text].join(separator))
}
