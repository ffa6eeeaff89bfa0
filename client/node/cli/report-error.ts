/** Describes errors for the user. */
import { ConnectError } from '@connectrpc/connect'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import { printable } from '../../../wire/text/escape-controls.ts'
import { HintedError, InputError } from './terminal/program-errors.ts'

/** Returns the lines that describe an error, without a stack. */
export function describeError(error: unknown): string[] {
  if (error instanceof HintedError) return [...describeError(error.cause), printable(`hint: ${error.hint}`)]
  return describe(error).map(printable)
}

function describe(error: unknown): string[] {
  if (error instanceof InputError) return [`error: ${error.message}`, ...error.moreLines]
  if (!(error instanceof ConnectError)) return [`error: ${error instanceof Error ? error.message : String(error)}`]
  const message = error.rawMessage.trim() || 'no reason given'
  return [`error: ${codeToString(error.code)} (${error.code}): ${message}`, ...error.details.map(describeDetail)]
}

function describeDetail(detail: ConnectError['details'][number]): string {
  if (!('type' in detail)) return `detail: ${detail.desc.typeName}`
  const value = detail.debug === undefined ? Buffer.from(detail.value).toString('base64') : JSON.stringify(detail.debug)
  return `detail: ${detail.type} ${value}`
}
