/** `openapi [ADDRESS]`: writes the OpenAPI document of an API. */
import { writeFile } from 'node:fs/promises'
import type { DescService, FileRegistry } from '@bufbuild/protobuf'
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt'
import type { OpenApiDocument } from '../../../../server/openapi/model/document.ts'
import { OPENAPI_PROTOCOLS, type OpenApiProtocol } from '../../../../server/openapi/model/openapi-options.ts'
import { isOfProgram } from '../../../../server/openapi/serve/route-options.ts'
import { escapeJsonControls, printableLines } from '../../../../wire/text/escape-controls.ts'
import type { FlagTable } from '../arguments/flag-table.ts'
import { assertOperands, type FlagValues } from '../arguments/parse-arguments.ts'
import { addressFlag, takeAddress } from '../connection/address-flag.ts'
import { connectionFlags } from '../connection/connection.ts'
import { ADDRESS_HELP } from '../connection/parse-address.ts'
import { withinTime } from '../connection/time-limit.ts'
import { withConnection } from '../connection/with-connection.ts'
import { findService, instead } from '../schema/find-service.ts'
import type { Schema } from '../schema/schema.ts'
import { openSchema, readSchemaFiles, schemaFlags } from '../schema/schema-flags.ts'
import { type Io, writeLine } from '../terminal/io.ts'
import { InputError, UsageError } from '../terminal/program-errors.ts'
import { defineCommand } from './command.ts'

const FORMATS = ['json', 'yaml']

const DESCRIPTION = `${ADDRESS_HELP}
With --descriptors or --proto the API comes from files, and no server is called; their comments become descriptions. Reflection of
a server has no comments. The document is the same each time, so that it can be committed.`

const flags = {
  service: {
    type: 'string',
    short: 's',
    multiple: true,
    placeholder: 'NAME',
    help: 'only this service; may be repeated (default all but grpc.* and portico.admin.*)',
  },
  include: {
    type: 'string',
    multiple: true,
    placeholder: 'NAME',
    choices: OPENAPI_PROTOCOLS,
    help: 'only operations of rest or of connect (default both)',
  },
  title: { type: 'string', placeholder: 'TEXT', help: 'the name of the API (default API)' },
  'api-version': { type: 'string', placeholder: 'TEXT', help: 'the version of the API (default 0.0.0)' },
  'server-url': { type: 'string', multiple: true, placeholder: 'URL', help: 'where the API is served (default /)' },
  format: {
    type: 'string',
    placeholder: 'NAME',
    choices: FORMATS,
    help: 'json, or yaml, which needs the package yaml (default: by the name of --output, else json)',
  },
  output: { type: 'string', short: 'o', placeholder: 'FILE', help: 'file to write (default standard output)' },
  ...addressFlag,
  ...schemaFlags,
  ...connectionFlags,
} as const satisfies FlagTable

type Values = FlagValues<typeof flags>

/** Describes an API from reflection or from files. */
export const openApiCommand = defineCommand({
  name: 'openapi',
  operands: ['[ADDRESS]'],
  summary: 'write the OpenAPI document of an API',
  description: DESCRIPTION,
  flags,
  async execute(args, io) {
    const { values } = args
    const form = readForm(values)
    const hasFiles = values.proto !== undefined || values.descriptors !== undefined
    if (hasFiles) {
      assertOperands(args.operands, [])
      return withinTime(values, io, async (limit) => {
        const { pool } = await readSchemaFiles(values, limit)
        await write(await documentOf(servicesIn(pool.registry, values.service), values), form, io)
      })
    }
    const [address] = takeAddress(args, io, [])
    await withConnection({ address, values, io }, async (connection, limit) => {
      const schema = await openSchema({ values, connection, limit })
      await write(await documentOf(await servicesOf(schema, values.service), values), form, io)
    })
  },
})

/** How the document is written. */
interface Form {
  readonly isYaml: boolean
  /** Undefined for standard output. */
  readonly file: string | undefined
}

function readForm({ format, output, include = [] }: Values): Form {
  if (format !== undefined && !FORMATS.includes(format)) {
    throw new UsageError(`unknown format "${format}"; must be one of ${FORMATS.join(', ')}`)
  }
  const unknown = include.find((name) => !isProtocol(name))
  if (unknown !== undefined) {
    throw new UsageError(`unknown protocol "${unknown}" of --include; must be one of ${OPENAPI_PROTOCOLS.join(', ')}`)
  }
  return { isYaml: format === undefined ? /\.ya?ml$/.test(output ?? '') : format === 'yaml', file: output }
}

function isProtocol(name: string): name is OpenApiProtocol {
  return (OPENAPI_PROTOCOLS as readonly string[]).includes(name)
}

function servicesIn(registry: FileRegistry, names: readonly string[] | undefined): readonly DescService[] {
  const services = [...registry].filter((type) => type.kind === 'service')
  const known = services.map(({ typeName }) => typeName).sort()
  return (names ?? known.filter(isOfProgram)).map((name) => {
    const service = registry.getService(name)
    if (service === undefined) throw new InputError(`unknown service ${name}${instead(name, known)}`)
    return service
  })
}

async function servicesOf(schema: Schema, names: readonly string[] | undefined): Promise<readonly DescService[]> {
  const services: DescService[] = []
  for (const name of names ?? (await schema.listServices()).filter(isOfProgram))
    services.push(await findService(schema, name))
  // Each service may have loaded files, which make a new registry: all types must be of the last one.
  return servicesIn(
    schema.registry,
    services.map(({ typeName }) => typeName),
  )
}

/** The generator is loaded on request: other commands do not need it. */
async function documentOf(services: readonly DescService[], values: Values): Promise<OpenApiDocument> {
  const { createOpenApiDocument } = await import('../../../../server/openapi/create-openapi-document.ts')
  const { commentOf, commentsOf } = await import('../../../../server/openapi/comments/comments-of.ts')
  const { title = 'API', 'api-version': version = '0.0.0', 'server-url': urls, include } = values
  const comments = commentsOf(filesOf(services))
  try {
    return createOpenApiDocument({
      info: { title, version },
      methods: services.flatMap(({ methods }) => methods),
      comments: (declaration) => commentOf(declaration, comments),
      ...(urls && { servers: urls.map((url) => ({ url })) }),
      ...(include && { includes: include.filter(isProtocol) }),
    })
  } catch (cause) {
    if (cause instanceof RangeError) throw new InputError(cause.message, { cause })
    throw cause
  }
}

/** The files of the services, and all that they import. */
function filesOf(services: readonly DescService[]): Iterable<FileDescriptorProto> {
  const files = new Set(services.map(({ file }) => file))
  // A set also visits what is added during the visit.
  for (const file of files) for (const imported of file.dependencies) files.add(imported)
  return Array.from(files, ({ proto }) => proto)
}

async function write(document: OpenApiDocument, { isYaml, file }: Form, { stdout }: Io): Promise<void> {
  const text = isYaml ? await yamlOf(document) : JSON.stringify(document, null, 2)
  if (file === undefined) return writeLine(stdout, isYaml ? printableLines(text) : escapeJsonControls(text))
  try {
    await writeFile(file, `${text}\n`)
  } catch (cause) {
    throw new InputError(`${file} cannot be written: ${(cause as Error).message}`, { cause })
  }
}

async function yamlOf(document: OpenApiDocument): Promise<string> {
  const { stringify } = await import('yaml').catch((cause: unknown) => {
    throw new InputError('YAML needs the package yaml: npm install yaml, or use --format json', { cause })
  })
  return stringify(document, { aliasDuplicateObjects: false }).trimEnd()
}
