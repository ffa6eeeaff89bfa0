/** Whether a value of JSON fits a scalar type. */
import { ScalarType } from '@bufbuild/protobuf'
import { base64Decode } from '@bufbuild/protobuf/wire'
import { scalarName } from '../../api/type-names.ts'
import type { JsonNode } from '../json/json-node.ts'
import { integerRange } from '../schema/value-shape.ts'
import { exactInteger } from './exact-integer.ts'
import type { FaultReport } from './fault-report.ts'

const FLOAT_NAMES: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity'])
const FLOAT = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

export function checkScalar(report: FaultReport, scalar: ScalarType, node: JsonNode) {
  if (integerRange(scalar) !== undefined) return checkInteger(report, scalar, node)
  switch (scalar) {
    case ScalarType.BOOL:
      if (node.kind !== 'literal' || node.value === null) report.error(node, `${report.label} must be true or false.`)
      return
    case ScalarType.STRING:
      return checkString(report, node)
    case ScalarType.BYTES:
      return checkBytes(report, node)
    default:
      return checkFloat(report, scalar, node)
  }
}

/** Whether a text is a key of a map with keys of a type. Returns the value that it stands for, which no other key may have. */
export function mapKeyValue(scalar: ScalarType, key: string): string | null {
  const range = integerRange(scalar)
  if (range !== undefined) {
    const value = /^-?\d+$/.test(key) ? exactInteger(key) : null
    return value === null || value < range.min || value > range.max ? null : String(value)
  }
  if (scalar === ScalarType.BOOL) return key === 'true' || key === 'false' ? key : null
  return key.isWellFormed() ? key : null
}

/** Says what a scalar type takes. */
export function scalarNeeds(scalar: ScalarType): string {
  const range = integerRange(scalar)
  if (range !== undefined) return `a whole number from ${range.min} to ${range.max} (${scalarName(scalar)})`
  if (scalar === ScalarType.BOOL) return 'true or false'
  return scalar === ScalarType.STRING ? 'text in double quotes' : `a number (${scalarName(scalar)})`
}

function checkInteger(report: FaultReport, scalar: ScalarType, node: JsonNode) {
  const written = node.kind === 'number' ? node.raw : node.kind === 'string' ? node.value : ''
  const value = exactInteger(written)
  const range = integerRange(scalar)
  if (value === null || range === undefined || value < range.min || value > range.max) {
    return report.error(node, `${report.label} must be ${scalarNeeds(scalar)}.`)
  }
  const isSafe = node.kind === 'string' || Number.isSafeInteger(Number(written))
  if (!isSafe || written !== String(value)) report.exact.set(node, String(value))
}

function checkFloat(report: FaultReport, scalar: ScalarType, node: JsonNode) {
  if (node.kind === 'string' && FLOAT_NAMES.has(node.value)) return
  const written = node.kind === 'number' ? node.raw : node.kind === 'string' ? node.value : ''
  const value = FLOAT.test(written) ? Number(written) : Number.NaN
  if (Number.isNaN(value)) {
    return report.error(
      node,
      `${report.label} must be a number, "NaN", "Infinity" or "-Infinity" (${scalarName(scalar)}).`,
    )
  }
  const fits = Number.isFinite(scalar === ScalarType.FLOAT ? Math.fround(value) : value)
  if (!fits) report.error(node, `${report.label} is too large for a ${scalarName(scalar)}.`)
}

function checkString(report: FaultReport, node: JsonNode) {
  if (node.kind !== 'string') return report.error(node, `${report.label} must be text in double quotes (string).`)
  if (!node.value.isWellFormed()) {
    report.error(node, `${report.label} has one half of a surrogate pair, which UTF-8 can not encode.`)
  }
}

function checkBytes(report: FaultReport, node: JsonNode) {
  if (node.kind === 'string' && isBase64(node.value)) return
  report.error(node, `${report.label} must be base64 in double quotes (bytes), such as "3q2+7w==".`)
}

/** Both alphabets pass, with or without padding. */
export function isBase64(text: string): boolean {
  if (!/^[\w+/-]*={0,2}$/.test(text)) return false
  try {
    base64Decode(text)
    return true
  } catch {
    return false
  }
}
