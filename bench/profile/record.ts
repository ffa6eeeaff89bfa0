/** Preloaded by a profiled server: the first SIGUSR2 starts recording, the second writes the profile. */
import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'

/** The sampling interval. Shorter ones keep an idle server so busy that it never seems to be. */
const INTERVAL_MICROSECONDS = 1_000

const session = new Session()
session.connect()
let isRecording = false

process.on('SIGUSR2', async () => {
  if (!isRecording) {
    isRecording = true
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROSECONDS })
    await session.post('Profiler.start')
    process.stderr.write('recording\n')
    return
  }
  const { profile } = await session.post('Profiler.stop')
  writeFileSync(process.env.PROFILE_FILE ?? 'server.cpuprofile', JSON.stringify(profile))
  process.stderr.write('recorded\n')
})
