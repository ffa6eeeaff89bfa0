/** The flags that say where descriptors come from. */
import { createTransport } from '../../transport.ts'
import type { TransportOptions } from '../../transport-options.ts'
import type { FlagTable } from '../arguments/flag-table.ts'
import type { FlagValues } from '../arguments/parse-arguments.ts'
import { UsageError } from '../arguments/usage-error.ts'
import { openImage } from './image.ts'
import { openProtoFiles } from './proto-files.ts'
import { openReflection } from './reflection.ts'
import type { SchemaSource } from './schema-source.ts'

/** Without any of them the server is asked, by reflection. */
export const schemaFlags = {
  proto: { type: 'string', multiple: true, placeholder: 'FILE', help: '.proto file with the API, compiled by buf' },
  'import-path': {
    type: 'string',
    short: 'I',
    multiple: true,
    placeholder: 'DIR',
    help: 'where --proto finds imports',
  },
  descriptors: { type: 'string', placeholder: 'FILE', help: 'binary FileDescriptorSet or buf image with the API' },
} as const satisfies FlagTable

/** What opening a source needs. */
export interface SchemaOptions {
  readonly values: FlagValues<typeof schemaFlags>
  /** How the server is called; reflection takes gRPC over HTTP/2 whatever the call takes. */
  readonly connection: TransportOptions
  /** Cancels what is under way. */
  readonly signal: AbortSignal
}

/**
 * Opens the source that the flags name.
 *
 * @throws UsageError for flags that contradict each other
 * @throws InputError for files that cannot be used
 */
export async function openSchema({ values, connection, signal }: SchemaOptions): Promise<SchemaSource> {
  const { proto: files, descriptors, 'import-path': importPaths } = values
  if (files !== undefined && descriptors !== undefined) {
    throw new UsageError('--proto and --descriptors contradict each other')
  }
  if (files === undefined && importPaths !== undefined) throw new UsageError('--import-path needs --proto')
  if (files !== undefined) return await openProtoFiles({ files, importPaths: importPaths ?? [], signal })
  if (descriptors !== undefined) return await openImage(descriptors)
  return openReflection(createTransport({ ...connection, protocol: 'grpc', httpVersion: '2' }), signal)
}
