/** Creates OpenAPI documents from the descriptors of methods. */
import type { DescMethod } from '@bufbuild/protobuf'
import { collectBindings } from '../rpc/protocols/rest/binding/collect-bindings.ts'
import type { HttpBinding } from '../rpc/protocols/rest/binding/http-binding.ts'
import { readHttpRules } from '../rpc/protocols/rest/binding/http-rules.ts'
import { PRESETS } from '../rpc/protocols/rest/rest-presets.ts'
import { addExamples } from './examples/add-examples.ts'
import type { JsonData, OpenApiDocument, Schema, Tag } from './model/document.ts'
import type { OpenApiOptions } from './model/openapi-options.ts'
import { accessFor, protoSecurity } from './operations/access.ts'
import { connectOperations } from './operations/connect-operations.ts'
import { describePath, pathText } from './operations/described-path.ts'
import {
  connectErrors,
  type ErrorComponents,
  RESPONSES,
  restErrors,
  USUAL_DETAILS,
  withDetails,
} from './operations/error-responses.ts'
import type { OperationContext } from './operations/operation-context.ts'
import { PathTable } from './operations/path-table.ts'
import { restOperation } from './operations/rest-operation.ts'
import { Declarations } from './schemas/declarations.ts'
import { enumSchema } from './schemas/enum-schema.ts'
import { connectForms, type JsonForms, restForms } from './schemas/json-form.ts'
import { messageSchema } from './schemas/message-schema.ts'
import { type NamedSchema, SchemaRegistry } from './schemas/schema-registry.ts'

const STATUS = 'google.rpc.Status'

/** Why an operation is not in a document. */
const OMISSIONS = {
  'any-method': 'The rule is for any HTTP method.',
  'custom-method': 'OpenAPI 3.1 has no such HTTP method.',
  taken: 'Another operation has the same path in OpenAPI.',
} as const

/**
 * Describes methods as operations of REST, by their HTTP rules, and of Connect. The document depends on the options only, and its JSON is
 * the same each time.
 *
 * @throws RangeError for an HTTP rule that is not valid
 */
export function createOpenApiDocument(options: OpenApiOptions): OpenApiDocument {
  return addExamples(new DocumentWriter(options).write())
}

class DocumentWriter {
  readonly #options: OpenApiOptions
  readonly #rest: NonNullable<OpenApiOptions['rest']>
  readonly #methods: readonly DescMethod[]
  readonly #registry = new SchemaRegistry()
  readonly #declarations: Declarations
  readonly #security: NonNullable<OpenApiOptions['security']>
  readonly #paths: PathTable
  readonly #omitted: JsonData[] = []
  readonly #components: ErrorComponents[] = []
  /** By name, in the order of the document. */
  readonly #tags = new Map<string, Tag>()

  constructor(options: OpenApiOptions) {
    const { rest = PRESETS.google, version = '3.1' } = options
    this.#options = options
    this.#rest = rest
    this.#declarations = new Declarations(options)
    this.#methods = inOrder(options.methods).filter((method) => this.#isVisible(method))
    this.#security = options.security ?? protoSecurity(this.#methods)
    this.#paths = new PathTable(version)
  }

  write(): OpenApiDocument {
    const { info, servers = [{ url: '/' }], version = '3.1', includes = ['rest', 'connect'] } = this.#options
    if (includes.includes('rest')) this.#addRest()
    if (includes.includes('connect')) this.#addConnect()
    this.#registry.writeAll((named) => this.#schemaOf(named))
    const { schemas, rename } = this.#registry.finish()
    const paths = this.#paths.finish()
    const extra = mergedComponents(this.#components, JSON.stringify(paths))
    const { schemes } = this.#security
    return rename({
      openapi: `${version}.0`,
      info,
      servers,
      security: [],
      tags: [...this.#tags.values()],
      paths,
      components: {
        schemas: { ...schemas, ...extra.schemas },
        responses: extra.responses,
        ...(Object.keys(schemes).length > 0 && { securitySchemes: schemes }),
      },
      ...(this.#omitted.length > 0 && { 'x-omitted': this.#omitted }),
    })
  }

  #addRest(): void {
    const rules = readHttpRules(this.#rest.rules)
    const collected = collectBindings(this.#methods, { rules, unboundMethods: this.#rest.unboundMethods })
    const operations = this.#contextOf(restForms(this.#rest), '')
    for (const binding of [...collected.values()].flat()) this.#addBinding(binding, operations)
    if (collected.size === 0) return
    const context = { ...operations, form: operations.forms.response }
    this.#components.push(restErrors(this.#rest, this.#details, context))
  }

  #addBinding(binding: HttpBinding, operations: OperationContext): void {
    const path = describePath(binding)
    const { text, names } = this.#paths.claim(path)
    const omission = this.#paths.omissionOf(text, binding.verb)
    if (omission === null) {
      const place = { path, names, settings: this.#rest }
      this.#paths.add(text, binding.verb, restOperation(binding, place, operations))
    } else {
      const method = `${binding.method.parent.typeName}.${binding.method.name}`
      this.#omitted.push({ method, verb: binding.verb, path: pathText(path), reason: OMISSIONS[omission] })
    }
  }

  #addConnect(): void {
    const { connect = {}, includes } = this.#options
    const suffix = includes?.length === 1 ? '' : ' (Connect)'
    const operations = this.#contextOf(connectForms(connect), suffix)
    const requiresVersion = connect.requiresVersion === true
    const placed = this.#methods.flatMap((method) => connectOperations(method, { requiresVersion }, operations))
    // A rule of REST may have the path of Connect, and answers calls that do not state Connect's version.
    const free = placed.filter(({ path, verb }) => this.#paths.omissionOf(path, verb) === null)
    for (const { path, verb, operation } of free) this.#paths.add(path, verb, operation)
    if (placed.length > 0) this.#components.push(connectErrors())
  }

  #contextOf(forms: JsonForms, suffix: string): OperationContext {
    const { version = '3.1' } = this.#options
    return {
      registry: this.#registry,
      declarations: this.#declarations,
      forms,
      version,
      accessOf: (method) => accessFor(this.#security.ruleOf(method), this.#security),
      tagOf: (method) => this.#tagOf(method, suffix),
    }
  }

  #tagOf({ parent }: DescMethod, suffix: string): string {
    const name = parent.typeName + suffix
    const description = this.#declarations.commentOf(parent)
    this.#tags.set(name, { name, ...(description !== undefined && { description }) })
    return name
  }

  #schemaOf({ type, form }: NamedSchema): Schema {
    const context = { form, registry: this.#registry, declarations: this.#declarations }
    if (type.kind === 'enum') return enumSchema(type, form, this.#declarations)
    const schema = messageSchema(type, context)
    return type.typeName === STATUS ? withDetails(schema, this.#details, context) : schema
  }

  get #details() {
    return this.#options.errorDetails ?? USUAL_DETAILS
  }

  #isVisible(method: DescMethod): boolean {
    return this.#declarations.isVisible(method.parent) && this.#declarations.isVisible(method)
  }
}

/** Services by name, and the methods of each as its file declares them, so that the order of registration does not matter. */
function inOrder(methods: readonly DescMethod[]): DescMethod[] {
  const services = [...new Set(methods.map(({ parent }) => parent))]
  services.sort((a, b) => (a.typeName < b.typeName ? -1 : 1))
  const given = new Set(methods)
  return services.flatMap((service) => service.methods.filter((method) => given.has(method)))
}

/** Joins components, without the responses that no operation has. */
function mergedComponents(parts: readonly ErrorComponents[], paths: string) {
  const responses = parts.flatMap((part) => Object.entries(part.responses))
  return {
    schemas: Object.fromEntries(parts.flatMap(({ schemas }) => Object.entries(schemas))),
    responses: Object.fromEntries(responses.filter(([name]) => paths.includes(`"${RESPONSES}${name}"`))),
  }
}
