/** The flags that say where descriptors come from. */
import { createTransport } from '../../transport.ts'
import type { TransportOptions } from '../../transport-options.ts'
import type { FlagTable } from '../arguments/flag-table.ts'
import type { FlagValues } from '../arguments/parse-arguments.ts'
import type { TimeLimit } from '../connection/time-limit.ts'
import { UsageError } from '../terminal/program-errors.ts'
import { FilePool } from './file-pool.ts'
import { readProtoFiles } from './proto-files.ts'
import { readImage } from './read-descriptors.ts'
import { Reflection } from './reflection.ts'
import { ReflectionClient } from './reflection-client.ts'
import { Schema } from './schema.ts'

/** Without any of them the API comes from the server's reflection. */
export const schemaFlags = {
  proto: {
    type: 'string',
    multiple: true,
    placeholder: 'FILE',
    help: '.proto file with the API, compiled by buf; reflection adds what it lacks',
  },
  'import-path': {
    type: 'string',
    short: 'I',
    multiple: true,
    placeholder: 'DIR',
    help: 'folder of --proto files and their imports; the first that has a file is used',
  },
  descriptors: { type: 'string', placeholder: 'FILE', help: 'binary FileDescriptorSet or buf image with the API' },
} as const satisfies FlagTable

/** What opening a schema needs. */
export interface SchemaOptions {
  readonly values: FlagValues<typeof schemaFlags>
  /** How the server is called. */
  readonly connection: TransportOptions
  readonly limit: TimeLimit
}

/**
 * Opens the schema that the flags name.
 *
 * @throws UsageError for flags that cannot be used together
 * @throws InputError for files that cannot be used
 */
export async function openSchema({ values, connection, limit }: SchemaOptions): Promise<Schema> {
  const { pool, hasFiles } = await readSchemaFiles(values, limit)
  const client = new ReflectionClient(reflectionTransports(connection), limit)
  limit.defer(() => client.close())
  return new Schema({ pool, reflection: new Reflection(client, pool), hasFiles })
}

/** The files that flags name. */
export interface SchemaFiles {
  readonly pool: FilePool
  /** Whether the flags name any. */
  readonly hasFiles: boolean
}

/**
 * Reads the files that the flags name.
 *
 * @throws UsageError for flags that cannot be used together
 * @throws InputError for files that cannot be used
 */
export async function readSchemaFiles(values: FlagValues<typeof schemaFlags>, limit: TimeLimit): Promise<SchemaFiles> {
  const { proto: files, descriptors, 'import-path': importPaths } = values
  if (files !== undefined && descriptors !== undefined) {
    throw new UsageError('--proto and --descriptors cannot be used together')
  }
  if (files === undefined && importPaths !== undefined) throw new UsageError('--import-path needs --proto')
  const pool = new FilePool()
  if (files !== undefined) await readProtoFiles({ files, importPaths: importPaths ?? [], limit }, pool)
  if (descriptors !== undefined) await readImage(descriptors, pool)
  return { pool, hasFiles: files !== undefined || descriptors !== undefined }
}

/** Reflection is a bidirectional stream, which few servers support over HTTP/1.1, so that it is tried there only with `--http 1`. */
function reflectionTransports(connection: TransportOptions) {
  const overHttp2 = createTransport({ ...connection, protocol: 'grpc', httpVersion: '2' })
  return connection.httpVersion === '1.1' ? [createTransport(connection), overHttp2] : [overHttp2]
}
