/** The numbers and names that messages and enums keep free. */
import type { DescEnum, DescMessage } from '@bufbuild/protobuf'
import { Edition } from '@bufbuild/protobuf/wkt'

/** The largest number of a field. */
const MAX_FIELD = 536_870_911
const MAX_VALUE = 2_147_483_647

/** Returns the statements of a message: `reserved` and `extensions`. Its ranges exclude their end. */
export function messageReservations({ file, proto }: DescMessage): string[] {
  const ranges = proto.reservedRange.map(({ start, end }) => rangeText(start, end - 1, MAX_FIELD))
  const extensions = proto.extensionRange.map(({ start, end }) => rangeText(start, end - 1, MAX_FIELD))
  return [
    ...statement('reserved', ranges),
    ...statement('reserved', namesOf(proto.reservedName, file.edition)),
    ...statement('extensions', extensions),
  ]
}

/** Returns the statements of an enum. Its ranges include their end. */
export function enumReservations({ file, proto }: DescEnum): string[] {
  const ranges = proto.reservedRange.map(({ start, end }) => rangeText(start, end, MAX_VALUE))
  return [...statement('reserved', ranges), ...statement('reserved', namesOf(proto.reservedName, file.edition))]
}

/** Editions write names without quotes. */
function namesOf(names: readonly string[], edition: Edition): string[] {
  const isQuoted = edition === Edition.EDITION_PROTO2 || edition === Edition.EDITION_PROTO3
  return names.map((name) => (isQuoted ? JSON.stringify(name) : name))
}

function rangeText(first: number, last: number, max: number): string {
  if (first === last) return String(first)
  return `${first} to ${last === max ? 'max' : last}`
}

function statement(keyword: string, parts: readonly string[]): string[] {
  return parts.length === 0 ? [] : [`${keyword} ${parts.join(', ')};`]
}
