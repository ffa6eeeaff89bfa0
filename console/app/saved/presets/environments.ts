/**
 * Environments: named sets of variables, one of which fills `{{name}}` in headers and messages. The browser keeps them, except for the
 * values of secrets, which last for the session of the tab.
 */
import { computed, signal } from '@preact/signals'
import { onStoredElsewhere, readStored, writeStored } from '../../parts/stored.ts'
import { checkName } from '../collection.ts'
import { randomId } from '../random-id.ts'

/** A text that calls refer to by `{{name}}`. */
export interface Variable {
  readonly name: string
  readonly value: string
  readonly isSecret: boolean
}

/** A named set of variables. */
export interface Environment {
  readonly id: string
  readonly name: string
  readonly variables: readonly Variable[]
}

const KEY = 'environments'
const SECRETS_KEY = 'environment-secrets'
const CHOSEN_KEY = 'environment'
const VARIABLE_NAME = /^[\w.-]{1,100}$/

/** All environments. */
export const environments = signal<readonly Environment[]>(storedEnvironments())
onStoredElsewhere(KEY, () => {
  environments.value = storedEnvironments()
})

const chosenId = signal(readStored('local', CHOSEN_KEY))

/** The environment that calls use; null for none. */
export const environment = computed(() => environments.value.find(({ id }) => id === chosenId.value) ?? null)

/** The variables that calls use. */
export const variables = computed<readonly Variable[]>(() => environment.value?.variables ?? [])

/** Chooses the environment that calls use; null for none. */
export function chooseEnvironment(id: string | null): void {
  chosenId.value = id
  writeStored('local', CHOSEN_KEY, id)
}

/**
 * Adds an environment, chooses it, and returns its id.
 *
 * @throws Error if the name is not one
 */
export function addEnvironment(name: string): string {
  const id = randomId()
  keep([...environments.value, { id, name: checkName(name), variables: [] }])
  chooseEnvironment(id)
  return id
}

/**
 * Replaces the variables of an environment.
 *
 * @throws Error naming the variable that is invalid
 */
export function setVariables(id: string, given: readonly Variable[]): void {
  const used = given.filter(({ name, value }) => name !== '' || value !== '')
  const names = new Set<string>()
  for (const { name } of used) {
    if (!VARIABLE_NAME.test(name)) throw new Error(`"${name}" is not a name: use letters, digits, ".", "_" and "-"`)
    if (names.has(name)) throw new Error(`there are two variables "${name}"`)
    names.add(name)
  }
  keep(environments.value.map((each) => (each.id === id ? { ...each, variables: used } : each)))
}

/** Deletes an environment. */
export function removeEnvironment(id: string): void {
  keep(environments.value.filter((each) => each.id !== id))
}

function keep(all: readonly Environment[]): void {
  environments.value = all
  const open = all.map(({ variables: own, ...others }) => ({ ...others, variables: own.map(withoutSecret) }))
  const secrets = all.flatMap(({ id, variables: own }) =>
    own.filter(({ isSecret }) => isSecret).map(({ name, value }) => [`${id}:${name}`, value]),
  )
  writeStored('local', KEY, JSON.stringify(open))
  writeStored('session', SECRETS_KEY, JSON.stringify(secrets))
}

function withoutSecret(variable: Variable): Variable {
  return variable.isSecret ? { ...variable, value: '' } : variable
}

function storedEnvironments(): readonly Environment[] {
  try {
    const stored: readonly Environment[] = JSON.parse(readStored('local', KEY) ?? '[]')
    const secrets = new Map<string, string>(JSON.parse(readStored('session', SECRETS_KEY) ?? '[]'))
    return stored.map(({ id, name, variables: own }) => ({
      id,
      name,
      variables: own.map((each) =>
        each.isSecret ? { ...each, value: secrets.get(`${id}:${each.name}`) ?? '' } : each,
      ),
    }))
  } catch {
    return []
  }
}
