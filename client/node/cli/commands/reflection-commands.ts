/** `list` and `describe`: what a server serves. */

import { printable, printableLines } from '../../../../wire/text/escape-controls.ts'
import type { FlagTable } from '../arguments/flag-table.ts'
import type { FlagValues } from '../arguments/parse-arguments.ts'
import { addressFlag, takeAddress } from '../connection/address-flag.ts'
import { connectionFlags } from '../connection/connection.ts'
import { ADDRESS_HELP } from '../connection/parse-address.ts'
import { withConnection } from '../connection/with-connection.ts'
import { findService, namesLike } from '../schema/find-service.ts'
import type { Schema } from '../schema/schema.ts'
import { openSchema, schemaFlags } from '../schema/schema-flags.ts'
import { methodText, toProtoText } from '../schema/to-proto-text.ts'
import { type Io, writeLine } from '../terminal/io.ts'
import { InputError } from '../terminal/program-errors.ts'
import { type Command, defineCommand } from './command.ts'

const sourceFlags = { ...addressFlag, ...schemaFlags, ...connectionFlags } as const satisfies FlagTable

interface Place {
  readonly address: string
  readonly values: FlagValues<typeof sourceFlags>
  readonly io: Io
}

/** In the order of the help. */
export const reflectionCommands: readonly Command[] = [
  defineCommand({
    name: 'list',
    operands: ['[ADDRESS]', '[SERVICE]'],
    summary: 'list the services of a server, or the methods of a service',
    description: ADDRESS_HELP,
    flags: sourceFlags,
    async execute(args, io) {
      const [address, [service]] = takeAddress(args, io, ['[SERVICE]'])
      await withSchema({ address, values: args.values, io }, async (schema) => {
        const names = service === undefined ? await schema.listServices() : await methodsOf(schema, service)
        for (const name of names) await writeLine(io.stdout, printable(name))
      })
    },
  }),
  defineCommand({
    name: 'describe',
    operands: ['[ADDRESS]', 'SYMBOL'],
    summary: 'show the declaration of a service, method, message or enum',
    description: ADDRESS_HELP,
    flags: sourceFlags,
    async execute(args, io) {
      const [address, [symbol = '']] = takeAddress(args, io, ['SYMBOL'])
      await withSchema({ address, values: args.values, io }, async (schema) =>
        writeLine(io.stdout, printableLines(await describe(schema, symbol))),
      )
    },
  }),
]

async function withSchema({ address, values, io }: Place, use: (schema: Schema) => Promise<void>): Promise<void> {
  await withConnection({ address, values, io }, async (connection, limit) =>
    use(await openSchema({ values, connection, limit })),
  )
}

async function methodsOf(schema: Schema, serviceName: string): Promise<string[]> {
  const service = await findService(schema, serviceName)
  return service.methods.map((method) => `${serviceName}/${method.name}`)
}

async function describe(schema: Schema, symbol: string): Promise<string> {
  const type = await schema.find(symbol)
  if (type !== undefined) return toProtoText(type)
  const [, serviceName = '', methodName = ''] = /^(.+)[./](\w+)$/.exec(symbol) ?? []
  const service = serviceName === '' ? undefined : await schema.find(serviceName)
  const methods = service?.kind === 'service' ? service.methods : []
  const method = methods.find((candidate) => candidate.name === methodName)
  if (method === undefined) throw new InputError(`unknown symbol ${symbol}${await insteadOf(schema, symbol)}`)
  return methodText(method)
}

/** Servers that do not list their services may still answer for symbols. */
async function insteadOf(schema: Schema, symbol: string): Promise<string> {
  const like = namesLike(symbol, [...(await schema.listServices().catch(() => [])), ...typesIn(schema)])
  return like.length === 0 ? '' : `; did you mean ${like.join(' or ')}?`
}

function typesIn({ registry }: Schema): string[] {
  return Array.from(registry, ({ typeName }) => typeName)
}
