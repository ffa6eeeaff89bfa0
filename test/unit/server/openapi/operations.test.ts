import { describe, expect, test } from 'vitest'
import { singularOf } from '../../../../server/openapi/operations/described-path.ts'
import { resolveRestOptions } from '../../../../server/rpc/protocols/rest/resolve-rest-options.ts'
import { KindService } from '../../../gen/kinds/v1/kinds_pb.js'
import { LibraryService } from '../../../gen/library/v1/library_pb.js'
import { compileApi, documentOf, operationOf, operationsOf } from '../../../support/openapi-documents.ts'

const library = documentOf(LibraryService)

/** The parameters of an operation, as `query pageSize`. */
function parametersOf(place: string, document = library): string[] {
  return (operationOf(document, place).parameters ?? []).map(({ in: where, name }) => `${where} ${name}`)
}

const API = compileApi(`syntax = "proto3"; package t;
  import "google/api/annotations.proto";
  import "google/api/visibility.proto";
  import "portico/options/v1/options.proto";
  message M { string a = 1; string b = 2; }
  message Get { string name = 1; }
  message Delete { string shelf_id = 1; }
  service Shelves {
    rpc A(Get) returns (Get) { option (google.api.http) = {get: "/v1/{name=shelves/*}"}; }
    rpc B(Delete) returns (Get) { option (google.api.http) = {delete: "/v1/shelves/{shelf_id}"}; }
  }
  service Swapped {
    rpc A(M) returns (M) { option (google.api.http) = {get: "/v1/a/{b}/{a}"}; }
    rpc B(M) returns (M) { option (google.api.http) = {delete: "/v1/{b=a/*/*}"}; }
  }
  service Twice {
    rpc A(M) returns (M) { option (google.api.http) = {get: "/v1/{a=books/*}/{b=books/*}"}; }
  }
  service Custom {
    rpc Link(M) returns (M) { option (google.api.http) = {custom: {kind: "LINK" path: "/v1/link"} body: "*"}; }
    rpc Any(M) returns (M) { option (google.api.http) = {custom: {kind: "*" path: "/v1/any"} body: "*"}; }
  }
  service Guarded {
    option (portico.options.v1.service).auth = {schemes: ["jwt", "apiKey"]};
    rpc Read(M) returns (M);
    rpc Write(M) returns (M) { option (portico.options.v1.method).auth = {scopes: ["a:write"], schemes: ["jwt"]}; }
    rpc See(M) returns (M) { option (portico.options.v1.method).auth = {requirement: REQUIREMENT_OPTIONAL, schemes: ["mtls"]}; }
    rpc Open(M) returns (M) { option (portico.options.v1.method).auth = {requirement: REQUIREMENT_NONE}; }
  }
  enum E { E_ZERO = 0; E_HIDDEN = 1 [(google.api.value_visibility).restriction = "INTERNAL"]; }
  message Restricted {
    string a = 1;
    string b = 2 [(google.api.field_visibility).restriction = "INTERNAL, PREVIEW"];
    E e = 3;
  }
  service Visible {
    rpc Shown(Restricted) returns (M) { option (google.api.http) = {post: "/v1/m" body: "*" additional_bindings: {get: "/v1/m"}}; }
    rpc Hidden(M) returns (M) { option (google.api.method_visibility).restriction = "INTERNAL"; }
  }
  service Invalid {
    rpc A(M) returns (M) { option (google.api.http) = {get: "/v1/{c}"}; }
  }`)

function serviceNamed(name: string) {
  const service = API.getService(`t.${name}`)
  if (service === undefined) throw new Error(`no service ${name}`)
  return service
}

describe('paths', () => {
  test('name the segments of a resource after its collections', () => {
    expect(parametersOf('GET /v1/shelves/{shelf}/books/{book}')).toEqual(['path shelf', 'path book', 'query readMask'])
    const [shelf] = operationOf(library, 'GET /v1/shelves/{shelf}/books/{book}').parameters ?? []
    expect(shelf?.description).toContain('Part of `name`, which is `shelves/{shelf}/books/{book}`.')
  })

  test.each([
    ['shelves', 'shelf'],
    ['archives', 'archive'],
    ['categories', 'category'],
    ['movies', 'movie'],
    ['boxes', 'box'],
    ['statuses', 'status'],
    ['addresses', 'address'],
    ['status', 'status'],
    ['houses', 'house'],
    ['sheep', 'sheep'],
  ])('%s has the singular %s', (plural, singular) => {
    expect(singularOf(plural)).toBe(singular)
  })

  test('have the custom verb of the rule', () => {
    expect(parametersOf('POST /v1/shelves/{shelf}/books/{book}:move')).toEqual(['path shelf', 'path book'])
  })

  test('say where a variable has several segments, and in OpenAPI 3.2 that slashes stay', () => {
    const [path] = operationOf(library, 'GET /v1/files/{path}').parameters ?? []
    expect(path).toMatchObject({
      name: 'path',
      required: true,
      description: expect.stringContaining('several segments'),
    })
    expect(path).not.toHaveProperty('allowReserved')
    const [newer] = operationOf(documentOf(LibraryService, { version: '3.2' }), 'GET /v1/files/{path}').parameters ?? []
    expect(newer).toMatchObject({ allowReserved: true })
  })

  test('that differ in the names of variables are one path', () => {
    const service = serviceNamed('Shelves')
    const document = documentOf(service, { includes: ['rest'] })
    expect([...operationsOf(document).keys()]).toEqual(['GET /v1/shelves/{shelf}', 'DELETE /v1/shelves/{shelf}'])
    expect(parametersOf('DELETE /v1/shelves/{shelf}', document)).toEqual(['path shelf'])
  })

  test('that differ in the order of names have those of the first', () => {
    const document = documentOf(serviceNamed('Swapped'), { includes: ['rest'] })
    const parameters = operationOf(document, 'DELETE /v1/a/{b}/{a}').parameters ?? []
    const text = 'Part of `b`, which is `a/{b}/{a}`.'
    expect(parameters.map(({ name, description }) => [name, description])).toEqual([
      ['b', text],
      ['a', text],
      // The query sets the other field.
      ['a', undefined],
    ])
  })

  test('that two wildcards share have two names', () => {
    const service = serviceNamed('Twice')
    expect([...operationsOf(documentOf(service, { includes: ['rest'] })).keys()]).toEqual([
      'GET /v1/books/{book}/books/{book_1}',
    ])
  })
})

describe('query parameters', () => {
  test('are the fields that neither the path nor the body sets, nested ones by dots', () => {
    expect(parametersOf('GET /v1/shelves/{shelf}/books')).toEqual([
      'path shelf',
      'query pageSize',
      'query pageToken',
      'query genres',
      'query publishedAfter',
      'query author.givenName',
      'query author.familyName',
      'query tags',
    ])
    expect(parametersOf('POST /v1/shelves/{shelf}/books')).toEqual(['path shelf', 'query bookId', 'query validateOnly'])
    expect(parametersOf('POST /v1/shelves/{shelf}:merge')).toEqual(['path shelf'])
  })

  test('of lists are repeated', () => {
    const genres = operationOf(library, 'GET /v1/books').parameters?.find(({ name }) => name === 'genres')
    expect(genres).toMatchObject({
      style: 'form',
      explode: true,
      schema: { type: 'array', items: { $ref: '#/components/schemas/library.v1.Genre' } },
    })
  })

  test('leave out the other fields of a oneof that the path sets', () => {
    const kinds = documentOf(KindService, { includes: ['rest'] })
    const names = parametersOf('GET /v1/kinds/choice/{chosen_text}', kinds)
    expect(names.filter((name) => name.startsWith('query chosen'))).toEqual([])
    expect(names).toContain('query otherText')
    const [nested] = kinds.paths['/v1/kinds/nested/{nested_text}']?.get?.parameters ?? []
    expect(nested).toMatchObject({ name: 'nested_text', in: 'path' })
  })

  test('list a type that contains itself once', () => {
    const names = parametersOf('GET /v1/kinds', documentOf(KindService, { includes: ['rest'] }))
    expect(names).toContain('query nested.text')
    expect(names.filter((name) => /inner|same\.|any\.|struct\b|Map/.test(name))).toEqual([])
  })

  test('say what they exclude', () => {
    const [, , byField] = operationOf(library, 'GET /v1/books:search').parameters ?? []
    expect(byField).toMatchObject({
      name: 'byField',
      description: 'Excludes `byRank`.',
      'x-excludes': ['byRank'],
    })
  })

  test('have proto names, and entries of maps, by option', () => {
    const rest = resolveRestOptions({ query: { mapEntries: true }, jsonOptions: { useProtoFieldName: true } })
    const document = documentOf(KindService, { rest, includes: ['rest'] })
    const parameters = operationOf(document, 'GET /v1/kinds').parameters ?? []
    expect(parameters.find(({ name }) => name === 'string_to_int64')).toMatchObject({
      style: 'deepObject',
      explode: true,
    })
    expect(parameters.find(({ name }) => name === 'nested.text')).toBeDefined()
  })
})

describe('bodies', () => {
  const bodyOf = (place: string) => operationOf(library, place).requestBody

  test('lack the fields of the path', () => {
    const merge = bodyOf('POST /v1/shelves/{shelf}:merge')?.content['application/json']?.schema
    expect(Object.keys(merge?.properties ?? {})).toEqual(['otherShelf'])
    const book = bodyOf('PATCH /v1/shelves/{shelf}/books/{book}')?.content['application/json']?.schema
    expect(Object.keys(book?.properties ?? {})).not.toContain('name')
    expect(book?.required).toEqual(['title'])
  })

  test('of a list, a map and octets are such', () => {
    expect(bodyOf('PUT /v1/books/{book}/chapters')?.content['application/json']?.schema?.type).toBe('array')
    expect(bodyOf('PUT /v1/books/{book}/labels')?.content['application/json']?.schema).toMatchObject({
      additionalProperties: { type: 'string' },
    })
    expect(Object.keys(bodyOf('POST /v1/raw')?.content ?? {})).toEqual(['*/*'])
    expect(operationOf(library, 'POST /v1/raw').responses['200']?.content).toEqual({ '*/*': {} })
  })

  test('of responses are the field that the rule names', () => {
    const response = operationOf(library, 'GET /v1/shelves/{shelf}/titles').responses['200']
    expect(response?.content?.['application/json']?.schema).toEqual({ type: 'array', items: { type: 'string' } })
  })
})

test('a response that is one field is null where the field is unset and its JSON is no object', () => {
  const kinds = documentOf(KindService, { includes: ['rest'] })
  const schemaOf = (name: string) =>
    operationOf(kinds, `POST /v1/kinds/${name}`).responses['200']?.content?.['application/json']?.schema
  expect(schemaOf('timestamp')).toEqual({ type: ['string', 'null'], format: 'date-time' })
  expect(schemaOf('wrapper')).toEqual({ type: ['string', 'null'] })
  expect(schemaOf('nested')).toEqual({ $ref: '#/components/schemas/kinds.v1.Nested' })
  expect(schemaOf('strings')).toEqual({ type: 'array', items: { type: 'string' } })
})

describe('streams', () => {
  const formsOf = (preset: 'google' | 'grpcGateway' | 'envoy') => {
    const document = documentOf(LibraryService, { rest: resolveRestOptions({ preset }) })
    return operationOf(document, 'GET /v1/shelves/{shelf}:watch').responses['200']?.content ?? {}
  }

  test('list their forms, the default first', () => {
    expect(Object.keys(formsOf('google'))).toEqual(['application/x-ndjson', 'text/event-stream', 'application/json'])
    expect(Object.keys(formsOf('envoy'))[0]).toBe('application/json')
    expect(formsOf('envoy')['application/json']?.schema?.type).toBe('array')
    const envelope = formsOf('grpcGateway')['application/json']
    expect(envelope?.schema?.anyOf?.map(({ required }) => required)).toEqual([['result'], ['error']])
  })

  test('of requests have lines, or an array', () => {
    const body = operationOf(library, 'POST /v1/shelves/{shelf}/books:import').requestBody
    expect(Object.keys(body?.content ?? {})).toEqual(['application/x-ndjson', 'application/json'])
  })

  test('have the schema of their items in OpenAPI 3.2', () => {
    const document = documentOf(LibraryService, { version: '3.2' })
    const { content = {} } = operationOf(document, 'GET /v1/shelves/{shelf}:watch').responses['200'] ?? {}
    expect(content['application/x-ndjson']).toHaveProperty('itemSchema')
    expect(content['text/event-stream']?.itemSchema?.anyOf?.[0]?.properties?.data).toMatchObject({
      contentSchema: { $ref: '#/components/schemas/library.v1.BookEvent' },
    })
  })
})

describe('HTTP methods', () => {
  const service = serviceNamed('Custom')

  test('that OpenAPI 3.1 lacks are noted', () => {
    const document = documentOf(service, { includes: ['rest'] })
    expect(document.paths).toEqual({})
    expect(document['x-omitted']).toEqual([
      { method: 't.Custom.Link', verb: 'LINK', path: '/v1/link', reason: 'OpenAPI 3.1 has no such HTTP method.' },
      { method: 't.Custom.Any', verb: '*', path: '/v1/any', reason: 'The rule is for any HTTP method.' },
    ])
  })

  test('are in OpenAPI 3.2', () => {
    const document = documentOf(service, { includes: ['rest'], version: '3.2' })
    expect(Object.keys(document.paths['/v1/link']?.additionalOperations ?? {})).toEqual(['LINK'])
  })
})

describe('Connect', () => {
  test('has a POST for each unary method, and a GET for those without side effects', () => {
    const places = [...operationsOf(documentOf(LibraryService, { includes: ['connect'] })).keys()]
    expect(places).toContain('POST /library.v1.LibraryService/CreateShelf')
    expect(places).not.toContain('GET /library.v1.LibraryService/CreateShelf')
    expect(places).toContain('GET /library.v1.LibraryService/GetShelf')
    expect(places.some((place) => place.includes('WatchShelf'))).toBe(false)
  })

  test('leaves a path to a rule that has it', () => {
    const rest = resolveRestOptions({ unboundMethods: true })
    const document = documentOf(LibraryService, { rest })
    expect(operationOf(document, 'POST /library.v1.LibraryService/Ping').operationId).toBe(
      'library.v1.LibraryService.Ping',
    )
  })

  test('states its version where it is required', () => {
    const document = documentOf(LibraryService, { connect: { requiresVersion: true } })
    const [version] = operationOf(document, 'POST /library.v1.LibraryService/Ping').parameters ?? []
    expect(version).toMatchObject({ name: 'Connect-Protocol-Version', required: true })
  })
})

describe('security', () => {
  const service = serviceNamed('Guarded')
  const securityOf = (document: ReturnType<typeof documentOf>, name: string) => {
    const { security, responses } = operationOf(document, `POST /t.Guarded/${name}`)
    return { security, statuses: Object.keys(responses) }
  }

  test('is that of the proto', () => {
    const document = documentOf(service)
    expect(document.components.securitySchemes).toEqual({
      jwt: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      mtls: { type: 'mutualTLS', description: 'A client certificate.' },
    })
    expect(securityOf(document, 'Read')).toEqual({
      security: [{ jwt: [] }, { apiKey: [] }],
      statuses: ['200', '400', '401', '415', 'default'],
    })
    expect(securityOf(document, 'Write')).toEqual({
      security: [{ jwt: ['a:write'] }],
      statuses: ['200', '400', '401', '403', '415', 'default'],
    })
    expect(securityOf(document, 'See').security).toEqual([{ mtls: [] }, {}])
    expect(securityOf(document, 'Open')).toEqual({ security: undefined, statuses: ['200', '400', '415', 'default'] })
  })

  test('is that of the server if it is given', () => {
    const document = documentOf(service, {
      security: {
        schemes: { token: { type: 'http', scheme: 'bearer' } },
        ruleOf: ({ name }) => ({ requirement: name === 'Open' ? 'required' : 'none' }),
      },
    })
    expect(securityOf(document, 'Open').security).toEqual([{ token: [] }])
    expect(securityOf(document, 'Read').security).toBeUndefined()
  })
})

describe('visibility', () => {
  const service = serviceNamed('Visible')
  const seen = (visibility?: readonly string[]) => {
    const document = documentOf(service, { ...(visibility && { visibility }) })
    return [
      Object.keys(document.components.schemas['t.Restricted']?.properties ?? {}),
      document.components.schemas['t.E']?.enum,
      operationOf(document, 'GET /v1/m').parameters?.map(({ name }) => name),
      operationsOf(document).has('POST /t.Visible/Hidden'),
    ]
  }

  test('hides what is restricted, but from readers with a label', () => {
    expect(seen()).toEqual([['a', 'b', 'e'], ['E_ZERO', 'E_HIDDEN'], ['a', 'b', 'e'], true])
    expect(seen([])).toEqual([['a', 'e'], ['E_ZERO'], ['a', 'e'], false])
    expect(seen(['PREVIEW'])).toEqual([['a', 'b', 'e'], ['E_ZERO'], ['a', 'b', 'e'], false])
  })
})

test('comments are summaries and descriptions', () => {
  const comments: Readonly<Record<string, string>> = {
    'rpc Ping': 'Sends a\nsignal.\n\nIt comes back.\n\nAlways.',
    'message PingRequest': 'A signal.',
    'field text': 'What to send.',
    'service LibraryService': 'Books.',
    'enum_value GENRE_FICTION': 'Not\ntrue.',
  }
  const document = documentOf(LibraryService, {
    comments: (each) => ('name' in each ? comments[`${each.kind} ${each.name}`] : undefined),
  })
  const ping = operationOf(document, 'POST /library.v1.LibraryService/Ping')
  expect(ping).toMatchObject({ summary: 'Sends a signal.', description: 'It comes back.\n\nAlways.' })
  const { description, properties } = document.components.schemas['library.v1.PingRequest'] ?? {}
  expect(description).toBe('A signal.')
  expect(properties?.text?.description).toBe('What to send.')
  expect(document.tags[0]).toEqual({ name: 'library.v1.LibraryService', description: 'Books.' })
  expect(document.components.schemas['library.v1.Genre']?.description).toBe('- `GENRE_FICTION`: Not true.')
})

test('an invalid HTTP rule is an error that names the method', () => {
  const service = serviceNamed('Invalid')
  expect(() => documentOf(service)).toThrow(/t\.Invalid\.A.*c/)
})
