/** Named credentials, between which the user switches. Kept for the session of the tab, as they are secrets. */
import { computed, signal } from '@preact/signals'
import { readStored, writeStored } from '../../parts/stored.ts'
import { type CredentialFields, headersOf, NO_CREDENTIALS } from '../../session/credential-fields.ts'
import { credentialFields, dropCredentials, takeCredentials } from '../../session/credentials.ts'
import { checkName } from '../collection.ts'
import { randomId } from '../random-id.ts'

/** Credentials with a name. */
export interface AuthPreset {
  readonly id: string
  readonly name: string
  readonly fields: CredentialFields
}

const KEY = 'auth-presets'

/** All presets, in the order in which they were made. */
export const authPresets = signal<readonly AuthPreset[]>(storedPresets())

/** The preset whose credentials calls carry; null if they carry others, or none. */
export const currentPreset = computed(() => {
  const now = keyOf(credentialFields.value)
  return authPresets.value.find(({ fields }) => keyOf(fields) === now) ?? null
})

/**
 * Adds a preset, and returns its id.
 *
 * @throws Error if the name or a part of the credentials is invalid
 */
export function addPreset(name: string, fields: Partial<CredentialFields>): string {
  const all = { ...NO_CREDENTIALS, ...fields }
  if (headersOf(all).length === 0) throw new Error('a preset needs a token, a password or a key')
  const id = randomId()
  keep([...authPresets.value, { id, name: checkName(name), fields: all }])
  return id
}

/** Removes a preset. Calls no longer carry its credentials. */
export function removePreset(id: string): void {
  if (currentPreset.value?.id === id) dropCredentials()
  keep(authPresets.value.filter((preset) => preset.id !== id))
}

/** Lets calls carry the credentials of a preset from now on; null for none. */
export function choosePreset(id: string | null): void {
  const preset = authPresets.value.find((each) => each.id === id)
  if (preset === undefined) dropCredentials()
  else takeCredentials(preset.fields)
}

/** Says what a preset holds, without its secrets. */
export function kindOf({ fields }: AuthPreset): string {
  if (fields.token !== '') return 'Bearer token'
  if (fields.user !== '' || fields.password !== '') return `Basic, as ${fields.user}`
  return `API key in ${headersOf(fields)
    .map(([name]) => name)
    .join(', ')}`
}

function keep(presets: readonly AuthPreset[]): void {
  authPresets.value = presets
  writeStored('session', KEY, JSON.stringify(presets))
}

function keyOf({ token, user, password, keys, headers }: CredentialFields): string {
  return JSON.stringify([token, user, password, Object.entries(keys).sort(), headers])
}

function storedPresets(): readonly AuthPreset[] {
  try {
    const stored: readonly AuthPreset[] = JSON.parse(readStored('session', KEY) ?? '[]')
    return stored.map(({ id, name, fields }) => ({ id, name, fields: { ...NO_CREDENTIALS, ...fields } }))
  } catch {
    return []
  }
}
