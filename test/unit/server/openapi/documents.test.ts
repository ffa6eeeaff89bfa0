import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { commentOf } from '../../../../server/openapi/comments/comments-of.ts'
import { readComments } from '../../../../server/openapi/comments/read-comments.ts'
import { resolveRestOptions } from '../../../../server/rpc/protocols/rest/resolve-rest-options.ts'
import { KindService } from '../../../gen/kinds/v1/kinds_pb.js'
import { LibraryService } from '../../../gen/library/v1/library_pb.js'
import { OrderService } from '../../../gen/orders/v1/orders_pb.js'
import { DocumentValidator, documentOf, examplesOf, operationsOf } from '../../../support/openapi-documents.ts'

const ROOT = path.resolve(import.meta.dirname, '../../../..')

const GOLDEN = path.join(import.meta.dirname, 'greeter.openapi.yaml')
const YAML = { aliasDuplicateObjects: false, lineWidth: 0 }

const SERVICES = { GreeterService, KindService, LibraryService, OrderService }

const SETTINGS = {
  google: {},
  grpcGateway: { rest: resolveRestOptions({ preset: 'grpcGateway' }) },
  'numbers, proto names and problems': {
    rest: resolveRestOptions({
      jsonOptions: { enumAsInteger: true, useProtoFieldName: true },
      errors: 'problem',
      unknownFields: 'reject',
      unboundMethods: true,
    }),
  },
  'OpenAPI 3.2 and errors of AIP-193': { version: '3.2', rest: resolveRestOptions({ errors: 'aip193' }) },
} as const

test('the document of the greeter is as committed', async () => {
  const comments = await readComments(path.join(ROOT, 'gen/descriptors.binpb'), [GreeterService.typeName])
  const document = documentOf(GreeterService, {
    info: { title: 'Greeter', version: '1.0.0', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    comments: (declaration) => commentOf(declaration, comments),
  })
  await expect(stringify(document, YAML)).toMatchFileSnapshot(GOLDEN)
})

test('the order of methods does not change a document', () => {
  const methods = [...LibraryService.methods, ...GreeterService.methods]
  expect(JSON.stringify(documentOf(methods.toReversed()))).toBe(JSON.stringify(documentOf(methods)))
})

describe.each(Object.entries(SETTINGS))('with the settings of %s', (name, settings) => {
  // The one with all kinds of fields takes the longest.
  const examined = new Set(
    Object.keys(SERVICES).filter((service) => name === 'grpcGateway' || service !== 'KindService'),
  )

  test.each(Object.entries(SERVICES))('the document of %s is complete', async (_service, service) => {
    const document = documentOf(service, settings)
    const text = JSON.stringify(document)
    const missing = [...text.matchAll(/"\$ref":"#\/components\/(schemas|responses)\/([^"/]+)(?:\/[^"]+)?"/g)].filter(
      ([, kind, name]) => !Object.hasOwn(document.components[kind as 'schemas'] ?? {}, name ?? ''),
    )
    expect(missing).toEqual([])
    expect(text).not.toContain('undefined')
    const ids = [...operationsOf(document).values()].map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const [place, { parameters = [], responses }] of operationsOf(document)) {
      const inPath = [...place.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name)
      expect(
        parameters.filter((each) => each.in === 'path').map(({ name }) => name),
        place,
      ).toEqual(inPath)
      expect(new Set(parameters.map(({ name, in: where }) => `${where} ${name}`)).size, place).toBe(parameters.length)
      expect(Object.keys(responses), place).toEqual(expect.arrayContaining(['200', 'default']))
    }
  })

  test.each(Object.entries(SERVICES).filter(([service]) => examined.has(service)))(
    'the examples of %s are valid',
    (_service, service) => {
      const document = documentOf(service, settings)
      const validator = new DocumentValidator(document)
      const examples = examplesOf(document)
      expect(examples.length).toBeGreaterThan(5)
      const faults = examples.flatMap(({ place, schema, example }) => {
        const fault = validator.faultOf(schema, example)
        return fault === null ? [] : [`${place}: ${fault}`]
      })
      expect(faults).toEqual([])
    },
  )
})

test('the golden document has the operations of the greeter', async () => {
  expect([...operationsOf(parse(await readFile(GOLDEN, 'utf8'))).keys()]).toEqual([
    'GET /v1/hello/{name}',
    'GET /v1/hello',
    'POST /v1/topics/{topic}:publish',
    'GET /v1/topics/{topic}',
    'POST /v1/topics:publish',
    'POST /v1/topics:join',
    'GET /greeter.v1.GreeterService/SayHello',
    'POST /greeter.v1.GreeterService/SayHello',
    'POST /greeter.v1.GreeterService/Publish',
  ])
})
