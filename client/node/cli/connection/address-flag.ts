/** Finds the address of the server: among the operands, in a flag, or in the environment. */
import type { FlagTable } from '../arguments/flag-table.ts'
import { assertOperands } from '../arguments/parse-arguments.ts'
import type { Io } from '../terminal/io.ts'
import { UsageError } from '../terminal/program-errors.ts'

/** The environment variable with the address of commands that have none. */
export const ADDRESS_VARIABLE = 'PORTICO_ADDRESS'
const DEFAULT_ADDRESS = 'http://127.0.0.1:8080'

const flag = { type: 'string', short: 'a', placeholder: 'ADDRESS', env: ADDRESS_VARIABLE } as const

/** For the demo's commands, which have a default address. */
export const greeterAddressFlag = {
  address: { ...flag, help: `the server (default ${DEFAULT_ADDRESS})` },
} as const satisfies FlagTable

/** For commands whose first operand is the address. */
export const addressFlag = {
  address: { ...flag, help: 'the server, in place of the first argument' },
} as const satisfies FlagTable

/** The arguments of a command. */
export interface Given {
  readonly values: { readonly address?: string | undefined }
  readonly operands: readonly string[]
}

/** The address of the greeter's server. */
export function greeterAddress({ values }: Pick<Given, 'values'>, { env }: Pick<Io, 'env'>): string {
  return values.address ?? (env[ADDRESS_VARIABLE] || DEFAULT_ADDRESS)
}

/**
 * Takes the address from the operands, unless the flag or the environment has it.
 *
 * @param names the other operands of the command, as its usage line shows them
 * @returns the address, and the other operands
 * @throws UsageError when the address is missing, or there are too many or too few other operands
 */
export function takeAddress(
  { values, operands }: Given,
  { env }: Pick<Io, 'env'>,
  names: readonly string[],
): [address: string, operands: readonly string[]] {
  if (values.address !== undefined) return [values.address, counted(operands, names)]
  const fallback = env[ADDRESS_VARIABLE] || undefined
  if (fallback !== undefined && !startsWithAddress(operands, names)) return [fallback, counted(operands, names)]
  const [address, ...others] = operands
  const isAddressLeftOut = others.length < requiredOf(names) && !looksLikeAddress(address)
  if (address !== undefined && !isAddressLeftOut) return [address, counted(others, names)]
  throw new UsageError(`ADDRESS is missing, and ${ADDRESS_VARIABLE} is not set`)
}

/** If the environment has an address, an operand still is one if the others are complete without it, or if it looks like one. */
function startsWithAddress(operands: readonly string[], names: readonly string[]): boolean {
  return operands.length > names.length || (operands.length > requiredOf(names) && looksLikeAddress(operands[0]))
}

/** Names of protobuf have no colon. */
function looksLikeAddress(operand: string | undefined): boolean {
  return operand?.includes(':') ?? false
}

function requiredOf(names: readonly string[]): number {
  return names.filter((name) => !name.startsWith('[')).length
}

function counted(operands: readonly string[], names: readonly string[]): readonly string[] {
  assertOperands(operands, names)
  return operands
}
