/** Hints at what protovalidate on the server would refuse. */
import { type DescMessage, type JsonValue, type Registry, ScalarType } from '@bufbuild/protobuf'
import type { JsonNode, Span } from '../json/json-node.ts'
import { octetsOf } from '../schema/bytes-text.ts'
import { memberOfField } from '../schema/field-keys.ts'
import { isImplicit } from '../schema/field-presence.ts'
import { type FieldRules, ignoredBy, rulesOf } from '../schema/field-rules.ts'
import { isUnset } from '../schema/null-value.ts'
import {
  type AnyField,
  integerRange,
  shapeOf,
  typeNameOf,
  type ValueShape,
  wrappedShape,
} from '../schema/value-shape.ts'
import { exactInteger } from './exact-integer.ts'
import type { FaultReport } from './fault-report.ts'
import { brokenRules, type RuleValue } from './rule-tests.ts'

export class RuleChecker {
  readonly #report: FaultReport
  readonly #registry: Registry
  /** How many of the values around the one at hand are not checked. */
  #ignored = 0

  constructor(report: FaultReport, registry: Registry) {
    this.#report = report
    this.#registry = registry
  }

  /** Checks the fields of a message, but not what messages in it hold. */
  check(message: DescMessage, node: JsonNode): void {
    if (this.#ignored > 0) return
    const { fields, requiredOneofs } = rulesOf(message, this.#registry)
    const start = { start: node.start, end: node.start + 1 }
    for (const [field, rules] of fields) this.#field(field, rules, node, start)
    for (const oneof of requiredOneofs) {
      const isSet = oneof.fields.some((field) => !isUnset(field, memberOfField(node, field)?.value))
      if (!isSet) this.#report.hint(start, `One field of ${oneof.name} must be set.`)
    }
  }

  /** Checks what a field holds, without the rules of messages in it if its own rules leave it alone. */
  inField(field: AnyField, check: () => void): void {
    const rules = field.kind === 'field' ? rulesOf(field.parent, this.#registry).fields.get(field) : undefined
    const inner = field.fieldKind === 'list' ? nested(rules?.repeated, 'items') : nested(rules?.map, 'values')
    if ([rules ?? {}, inner].some((each) => ignoredBy(each) === 'all')) this.ignoring(check)
    else check()
  }

  /** Checks what no rules hold for, such as the message in an `Any`. */
  ignoring(check: () => void): void {
    this.#ignored++
    check()
    this.#ignored--
  }

  #field(field: AnyField, rules: FieldRules, node: JsonNode, start: Span): void {
    if (ignoredBy(rules) === 'all') return
    const member = memberOfField(node, field)
    if (member !== undefined && !isUnset(field, member.value)) {
      this.#report.inField(member.key.value, () => this.#present(field, member.value, rules))
      return
    }
    const below = [member?.key.value ?? field.jsonName]
    if (rules.required === true) this.#report.hint(start, `${field.jsonName} is required.`, below)
    else if (isImplicit(field) && ignoredBy(rules) === 'none') this.#absent(field, rules, start)
  }

  /** The rules of a field without presence hold for its default too. */
  #absent(field: AnyField, rules: FieldRules, start: Span): void {
    const type = field.fieldKind === 'list' ? 'repeated' : field.fieldKind === 'map' ? 'map' : typeOf(shapeOf(field))
    const broken =
      type === 'repeated' || type === 'map'
        ? brokenCount(0, rules[type])
        : brokenRules(type, zeroOf(field), rules[type])
    for (const need of broken) this.#report.hint(start, `${field.jsonName} must ${need}.`, [field.jsonName])
  }

  #present(field: AnyField, node: JsonNode, rules: FieldRules): void {
    if (field.fieldKind === 'list' && node.kind === 'array') {
      this.#count(node, node.items.length, rules, 'repeated')
      const items = nested(rules.repeated, 'items')
      for (const [index, item] of node.items.entries())
        this.#report.inStep(index, () => this.#value(shapeOf(field), item, items))
    } else if (field.fieldKind === 'map' && node.kind === 'object') {
      this.#count(node, node.members.length, rules, 'map')
      const [keys, values] = [nested(rules.map, 'keys'), nested(rules.map, 'values')]
      for (const { key, value } of node.members) {
        this.#report.inStep(key.value, () => {
          this.#value({ kind: 'scalar', scalar: field.mapKey }, key, keys)
          this.#value(shapeOf(field), value, values)
        })
      }
    } else if (field.fieldKind !== 'list' && field.fieldKind !== 'map') {
      this.#value(shapeOf(field), node, rules)
    }
  }

  #count(node: JsonNode, count: number, rules: FieldRules, type: string): void {
    if (count > 0 || ignoredBy(rules) === 'none') this.#needs(node, brokenCount(count, rules[type]))
  }

  #value(declared: ValueShape, node: JsonNode, rules: FieldRules): void {
    const shape = declared.kind === 'message' ? (wrappedShape(declared.message) ?? declared) : declared
    const value = ruleValue(shape, node)
    const ignored = ignoredBy(rules)
    if (value === undefined || ignored === 'all' || (ignored === 'zero' && isZero(shape, value))) return
    const type = typeOf(shape)
    this.#needs(node, brokenRules(type, value, rules[type]))
  }

  #needs(node: JsonNode, broken: readonly string[]): void {
    for (const need of broken) this.#report.hint(node, `${this.#report.label} must ${need}.`)
  }
}

function typeOf(shape: ValueShape): string {
  return shape.kind === 'enum' ? 'enum' : typeNameOf(shape)
}

/** Returns a value of JSON as rules compare it; undefined for what is wrong or has no rules here. */
function ruleValue(shape: ValueShape, node: JsonNode): RuleValue | undefined {
  if (shape.kind === 'message') return undefined
  if (shape.kind === 'enum') {
    if (node.kind === 'number') return Number(node.raw)
    return shape.enum.values.find(
      ({ name, jsonName }) => node.kind === 'string' && [name, jsonName].includes(node.value),
    )?.number
  }
  if (node.kind === 'literal') return node.value ?? undefined
  const text = node.kind === 'string' ? node.value : node.kind === 'number' ? node.raw : ''
  if (shape.scalar === ScalarType.STRING) return text
  if (shape.scalar === ScalarType.BYTES) return octetsOf(text)?.length
  if (shape.scalar === ScalarType.BOOL) return text === 'true'
  if (shape.scalar === ScalarType.FLOAT) return Math.fround(Number(text))
  return integerRange(shape.scalar) === undefined ? Number(text) : (exactInteger(text) ?? undefined)
}

function isZero(shape: ValueShape, value: RuleValue): boolean {
  if (typeof value === 'string') return value === ''
  return Number(value) === 0 || (shape.kind === 'enum' && value === shape.enum.values[0]?.number)
}

function zeroOf(field: AnyField): RuleValue {
  if (field.scalar === ScalarType.STRING) return ''
  if (field.scalar === ScalarType.BOOL) return false
  return field.scalar !== undefined && integerRange(field.scalar) !== undefined ? 0n : 0
}

function brokenCount(count: number, rules: JsonValue | undefined): readonly string[] {
  const least = Number(property(rules, 'minItems') ?? property(rules, 'minPairs') ?? 0)
  const most = Number(property(rules, 'maxItems') ?? property(rules, 'maxPairs') ?? Number.POSITIVE_INFINITY)
  if (count < least) return [`have at least ${least} ${least === 1 ? 'element' : 'elements'}`]
  return count > most ? [`have at most ${most} ${most === 1 ? 'element' : 'elements'}`] : []
}

function nested(rules: JsonValue | undefined, name: string): FieldRules {
  const found = property(rules, name)
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? found : {}
}

function property(rules: JsonValue | undefined, name: string): JsonValue | undefined {
  return typeof rules === 'object' && rules !== null && !Array.isArray(rules) ? rules[name] : undefined
}
