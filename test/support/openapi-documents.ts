/** Documents of test services, and validators of their schemas that are not ours. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { create, createFileRegistry, type DescMethod, type DescService, type FileRegistry } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { createOpenApiDocument } from '../../server/openapi/create-openapi-document.ts'
import type { MediaType, OpenApiDocument, Operation, PathItem, Schema } from '../../server/openapi/model/document.ts'
import type { OpenApiOptions } from '../../server/openapi/model/openapi-options.ts'
import { compileProtos } from './proto-schema.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** Where the .proto files are that others import. */
const IMPORTED: Readonly<Record<string, string>> = {
  'buf/validate/validate.proto': 'test/protos/buf/validate/validate.proto',
  'google/api/annotations.proto': 'proto/google/api/annotations.proto',
  'google/api/http.proto': 'proto/google/api/http.proto',
  'google/api/httpbody.proto': 'proto/google/api/httpbody.proto',
  'google/api/field_behavior.proto': 'proto/google/api/field_behavior.proto',
  'google/api/visibility.proto': 'proto/google/api/visibility.proto',
  'portico/options/v1/options.proto': 'proto/portico/options/v1/options.proto',
}

/** Compiles the text of a .proto file, which may import those of Google, buf and Portico. */
export function compileApi(text: string): FileRegistry {
  const imports = Object.entries(IMPORTED).map(([name, file]) => [name, readFileSync(path.join(ROOT, file), 'utf8')])
  const files = compileProtos({ 'api.proto': text, ...Object.fromEntries(imports) })
  return createFileRegistry(create(FileDescriptorSetSchema, { file: files }))
}

/** Creates the document of services. */
export function documentOf(
  services: DescService | readonly DescMethod[],
  options: Partial<OpenApiOptions> = {},
): OpenApiDocument {
  const methods = 'methods' in services ? services.methods : services
  return createOpenApiDocument({ info: { title: 'Test', version: '1.0.0' }, methods, ...options })
}

/** Returns an operation of a document by its HTTP method and path, such as `GET /v1/books`. */
export function operationOf({ paths }: OpenApiDocument, place: string): Operation {
  const [verb = '', text = ''] = place.split(' ')
  const operation = paths[text]?.[verb.toLowerCase() as keyof PathItem] as Operation | undefined
  if (operation === undefined) throw new Error(`no operation ${place} among ${Object.keys(paths).join(', ')}`)
  return operation
}

/** Returns all operations of a document by HTTP method and path. */
export function operationsOf({ paths }: OpenApiDocument): Map<string, Operation> {
  const all = Object.entries(paths).flatMap(([text, { additionalOperations, ...item }]) =>
    Object.entries({ ...item, ...additionalOperations }).map(
      ([verb, operation]) => [`${verb.toUpperCase()} ${text}`, operation as Operation] as const,
    ),
  )
  return new Map(all)
}

/** Validates values by the schemas of a document. */
export class DocumentValidator {
  readonly #ajv: Ajv2020
  readonly #compiled = new Map<string, ValidateFunction>()

  constructor(document: OpenApiDocument) {
    this.#ajv = new Ajv2020({ strict: false, ownProperties: true, formats: { uint32: true, uint64: true } })
    addFormats.default(this.#ajv)
    this.#ajv.addSchema({ $id: 'document', components: document.components })
  }

  /** Returns what is wrong with a value; null for nothing. */
  faultOf(schema: Schema, value: unknown): string | null {
    const text = JSON.stringify(schema).replaceAll('"#/', '"document#/')
    const validate = this.#compiled.get(text) ?? this.#ajv.compile(JSON.parse(text))
    this.#compiled.set(text, validate)
    return validate(value) ? null : this.#ajv.errorsText(validate.errors)
  }

  /** Returns the component of a type. */
  static schemaOf(name: string): Schema {
    return { $ref: `#/components/schemas/${name}` }
  }
}

/** Returns every example of a document with its schema. */
export function examplesOf(document: OpenApiDocument): { place: string; schema: Schema; example: unknown }[] {
  const found: { place: string; schema: Schema; example: unknown }[] = []
  const visit = (place: string, part: Pick<MediaType, 'schema' | 'example'>) => {
    if (part.schema !== undefined && part.example !== undefined) {
      found.push({ place, schema: part.schema, example: part.example })
    }
  }
  const walk = (place: string, part: unknown): void => {
    if (typeof part !== 'object' || part === null) return
    if (!Array.isArray(part)) visit(place, part as MediaType)
    for (const [key, value] of Object.entries(part)) if (key !== 'example') walk(`${place}/${key}`, value)
  }
  walk('', { paths: document.paths, responses: document.components.responses })
  return found
}
