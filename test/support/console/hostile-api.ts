/** A server whose API does what pages expect of none: see hostile-files.ts. */
import { type ForeignApi, startForeignApi } from './foreign-api.ts'
import { hostileFiles } from './hostile-files.ts'
import { MARKUP } from './hostile-texts.ts'

/** Starts it. It is drained when the running test ends. */
export function startHostileApi(): Promise<ForeignApi> {
  return startForeignApi(hostileFiles(), { console: { title: `Hostile ${MARKUP}` } })
}
