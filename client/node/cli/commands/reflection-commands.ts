/** `list` and `describe`: what a server serves. */
import type { FlagTable } from '../arguments/flag-table.ts'
import type { FlagValues } from '../arguments/parse-arguments.ts'
import { connectionFlags, readConnection } from '../connection/connection.ts'
import { ADDRESS_HELP } from '../connection/parse-address.ts'
import { openSchema, schemaFlags } from '../schema/schema-flags.ts'
import { findService, type SchemaSource } from '../schema/schema-source.ts'
import { methodText, toProtoText } from '../schema/to-proto-text.ts'
import { InputError } from '../terminal/input-error.ts'
import { type Io, writeLine } from '../terminal/io.ts'
import { printable, printableLines } from '../terminal/printable.ts'
import { type Command, defineCommand } from './command.ts'

const sourceFlags = { ...schemaFlags, ...connectionFlags } as const satisfies FlagTable

interface Place {
  readonly address: string
  readonly values: FlagValues<typeof sourceFlags>
  readonly io: Io
}

/** In the order of the help. */
export const reflectionCommands: readonly Command[] = [
  defineCommand({
    name: 'list',
    operands: ['ADDRESS', '[SERVICE]'],
    summary: 'list the services of a server, or the methods of a service',
    description: ADDRESS_HELP,
    flags: sourceFlags,
    execute: ({ values, operands: [address = '', service] }, io) =>
      withSchema({ address, values, io }, async (source) => {
        const names = service === undefined ? await source.listServices() : await methodsOf(source, service)
        for (const name of names) await writeLine(io.stdout, printable(name))
      }),
  }),
  defineCommand({
    name: 'describe',
    operands: ['ADDRESS', 'SYMBOL'],
    summary: 'show the declaration of a service, method, message or enum',
    description: ADDRESS_HELP,
    flags: sourceFlags,
    execute: ({ values, operands: [address = '', symbol = ''] }, io) =>
      withSchema({ address, values, io }, async (source) =>
        writeLine(io.stdout, printableLines(await describe(source, symbol))),
      ),
  }),
]

async function withSchema({ address, values, io }: Place, use: (source: SchemaSource) => Promise<void>): Promise<void> {
  const connection = await readConnection(address, values)
  const source = await openSchema({ values, connection, signal: io.signal })
  try {
    await use(source)
  } finally {
    await source.close()
  }
}

async function methodsOf(source: SchemaSource, serviceName: string): Promise<string[]> {
  const [service] = await findService(source, serviceName)
  return service.methods.map((method) => `${serviceName}/${method.name}`)
}

async function describe(source: SchemaSource, symbol: string): Promise<string> {
  const type = (await source.load(symbol))?.get(symbol)
  if (type !== undefined) return toProtoText(type)
  const [, serviceName = '', methodName = ''] = /^(.+)[./](\w+)$/.exec(symbol) ?? []
  const service = (await source.load(serviceName))?.getService(serviceName)
  const method = service?.methods.find((candidate) => candidate.name === methodName)
  if (method === undefined) throw new InputError(`there is no ${symbol}`)
  return methodText(method)
}
