/** The limits of numbers, timestamps and durations. */
import type { JsonObject } from '@bufbuild/protobuf'
import type { Schema } from '../model/document.ts'
import { type ChoiceRules, choiceLimits, joinLimits, type Limits, limit, sentence, UNLIMITED } from './limits.ts'

const BOUNDS = ['gt', 'gte', 'lt', 'lte'] as const

type Bound = (typeof BOUNDS)[number]

const KEYWORDS: Readonly<Record<Bound, keyof Schema>> = {
  gt: 'exclusiveMinimum',
  gte: 'minimum',
  lt: 'exclusiveMaximum',
  lte: 'maximum',
}

const WORDS: Readonly<Record<Bound, string>> = {
  gt: 'greater than',
  gte: 'at least',
  lt: 'less than',
  lte: 'at most',
}

/** Returns the limits of a number that is a number in JSON. A lower bound above the upper one leaves out what is between them. */
export function numberLimits(rules: JsonObject): Limits {
  const bounds = boundsOf(rules).map((bound): Schema => ({ [KEYWORDS[bound]]: Number(rules[bound]) }))
  const bounded = isOutside(rules) ? { anyOf: bounds } : Object.assign({}, ...bounds)
  return joinLimits([limit(bounded), choiceLimits(rules as ChoiceRules)])
}

/** Whether rules leave no room for NaN and the infinities. */
export function leavesOutNaN({ finite, ...rules }: JsonObject): boolean {
  return finite === true || boundsOf(rules).length > 0 || rules.in !== undefined || rules.const !== undefined
}

/** Returns the limits of a number that is a string in JSON, for whose bounds JSON Schema has no keywords. */
export function longNumberLimits(rules: JsonObject): Limits {
  return joinLimits([boundSentence(rules), choiceLimits(rules as ChoiceRules)])
}

/** Returns the limits of a timestamp or duration. The same value has several texts, so that a schema cannot compare them. */
export function timeLimits(rules: JsonObject): Limits {
  const { const: only, in: choices, notIn, within, ltNow, gtNow } = rules
  return joinLimits([
    boundSentence(rules),
    only === undefined ? UNLIMITED : sentence(`Must be ${only}.`),
    Array.isArray(choices) ? sentence(`Must be one of ${choices.join(', ')}.`) : UNLIMITED,
    Array.isArray(notIn) ? sentence(`Must not be one of ${notIn.join(', ')}.`) : UNLIMITED,
    within === undefined ? UNLIMITED : sentence(`Must be within ${within} of now.`),
    ltNow === true ? sentence('Must be in the past.') : UNLIMITED,
    gtNow === true ? sentence('Must be in the future.') : UNLIMITED,
  ])
}

function boundSentence(rules: JsonObject): Limits {
  const words = boundsOf(rules).map((bound) => `${WORDS[bound]} ${rules[bound]}`)
  return words.length === 0 ? UNLIMITED : sentence(`Must be ${words.join(isOutside(rules) ? ' or ' : ' and ')}.`)
}

function boundsOf(rules: JsonObject): Bound[] {
  return BOUNDS.filter((bound) => rules[bound] !== undefined)
}

/** Bounds are of one kind, so that texts of seconds and of dates can be compared as their numbers. */
function isOutside({ gt, gte, lt, lte }: JsonObject): boolean {
  const [least, most] = [gt ?? gte, lt ?? lte].map(magnitudeOf)
  return least !== undefined && most !== undefined && least > most
}

function magnitudeOf(value: JsonObject[string] | undefined): number | undefined {
  if (value === undefined) return undefined
  const number = Number(typeof value === 'string' ? value.replace(/s$/, '') : value)
  return Number.isNaN(number) ? Date.parse(String(value)) : number
}
