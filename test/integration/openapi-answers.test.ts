/** Requests that an OpenAPI document has as examples, sent to the server that it describes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Content, OpenApiDocument, Operation, Parameter } from '../../server/openapi/model/document.ts'
import { DocumentValidator, operationsOf } from '../support/openapi-documents.ts'
import { startDemo, startTestedApi, type TestedApi } from '../support/tested-api.ts'

/** Streams both ways need HTTP/2, and the topics of the demo have no end. */
const WITHOUT = ['AllStream', 'GetStream', 'Discuss']

/** Returns the URL of an operation with the examples of its parameters. */
function urlOf(place: string, parameters: readonly Parameter[]): string {
  const [, path = ''] = place.split(' ')
  const sampleOf = ({ example, schema, content }: Parameter): unknown =>
    example ?? schema?.enum?.[0] ?? Object.values(content ?? {})[0]?.example
  const filled = path.replace(/\{([^}]+)\}/g, (_, name) => {
    const parameter = parameters.find((each) => each.in === 'path' && each.name === name)
    return encodeURIComponent(String(parameter && sampleOf(parameter)))
  })
  const pairs = parameters.flatMap((each) => {
    const value = sampleOf(each)
    if (each.in !== 'query' || value === undefined) return []
    if (each.content !== undefined) return [[each.name, JSON.stringify(value)]]
    if (each.style === 'deepObject') {
      return Object.entries(value as object).map(([key, one]) => [`${each.name}[${key}]`, String(one)])
    }
    return (Array.isArray(value) ? value : [value]).map((one) => [each.name, String(one)])
  })
  return pairs.length === 0 ? filled : `${filled}?${new URLSearchParams(pairs)}`
}

function initOf(place: string, { requestBody }: Operation): RequestInit {
  const json = requestBody?.content['application/json']
  const method = place.split(' ')[0] ?? ''
  if (json === undefined) return { method }
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(json.example) }
}

/** Returns the documented bodies of a status. */
function contentOf({ responses }: Operation, status: number, document: OpenApiDocument): Content {
  const response = responses[status] ?? responses.default
  const name = response?.$ref?.split('/').at(-1) ?? ''
  return (response?.$ref === undefined ? response : document.components.responses?.[name])?.content ?? {}
}

describe.each([
  ['the demo', startDemo],
  ['the test services', () => startTestedApi()],
  ['the test services, as grpc-gateway', () => startTestedApi({}, { rest: { preset: 'grpcGateway' } })],
  ['the test services, as Envoy', () => startTestedApi({}, { rest: { preset: 'envoy', errors: 'aip193' } })],
  [
    'the test services with other JSON',
    () =>
      startTestedApi(
        {},
        {
          rest: {
            jsonOptions: { enumAsInteger: true, useProtoFieldName: true },
            errors: 'problem',
            unknownFields: 'reject',
            streams: { defaultFormat: 'sse' },
          },
          jsonOptions: { alwaysEmitImplicit: true },
        },
      ),
  ],
] as const)('the examples of %s', (_name, start) => {
  let api: TestedApi
  let document: OpenApiDocument
  let validator: DocumentValidator

  beforeAll(async () => {
    api = await start()
    document = (await (await fetch(`${api.origin}/openapi.json`)).json()) as OpenApiDocument
    validator = new DocumentValidator(document)
  })
  afterAll(() => api[Symbol.asyncDispose]())

  test('are answered as the document says', async () => {
    const operations = [...operationsOf(document)].filter(
      ([, { operationId }]) => !WITHOUT.some((name) => operationId.includes(`.${name}`)),
    )
    expect(operations.length).toBeGreaterThan(5)
    const faults: string[] = []
    const refused: string[] = []
    for (const [place, operation] of operations) {
      const response = await fetch(api.origin + urlOf(place, operation.parameters ?? []), initOf(place, operation))
      const body = await response.text()
      if (!response.ok) refused.push(`${place}: ${response.status} ${body}`)
      const type = response.headers.get('content-type')?.split(';')[0] ?? ''
      const content = contentOf(operation, response.status, document)
      const media = content[type] ?? content['*/*']
      if (response.status >= 500 || media === undefined) faults.push(`${place}: ${response.status} ${type} ${body}`)
      else if (media.schema !== undefined && type.endsWith('json')) {
        const values = type.includes('ndjson') ? body.trim().split('\n').filter(Boolean) : [body]
        for (const value of values) {
          const fault = validator.faultOf(media.schema, JSON.parse(value))
          if (fault !== null) faults.push(`${place}: ${fault}: ${value}`)
        }
      }
    }
    expect(faults).toEqual([])
    // The example of this one makes the handler fail.
    expect(refused.filter((each) => !each.includes('watch failed'))).toEqual([])
  })
})
