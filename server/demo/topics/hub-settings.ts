/** Numbers among the options of a topic hub: their defaults and ranges. */

/** One number. */
export interface Setting {
  /** The default. */
  readonly value: number
  readonly min: number
  readonly max: number
}

/** Numbers with their defaults filled in, and a sentence for each that is out of range. */
export interface CompleteSettings<K extends string> {
  readonly values: Readonly<Record<K, number>>
  readonly faults: readonly string[]
}

/** Completes and checks whole numbers. */
export function completeSettings<K extends string>(
  settings: Readonly<Record<K, Setting>>,
  options: Partial<Readonly<Record<NoInfer<K>, number>>>,
): CompleteSettings<K> {
  const names = Object.keys(settings) as K[]
  const values = Object.fromEntries(names.map((name) => [name, options[name] ?? settings[name].value]))
  const faults = names
    .filter((name) => !isWithin(values[name], settings[name]))
    .map(
      (name) =>
        `${name} must be a whole number from ${settings[name].min} to ${settings[name].max}, is ${values[name]}`,
    )
  return { values: values as Record<K, number>, faults }
}

function isWithin(value: unknown, { min, max }: Setting): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
}
