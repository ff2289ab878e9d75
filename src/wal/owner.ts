import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process that may hold a directory. */
export type Owner = {
  readonly pid: number
  readonly host: string
  /** Tells it from another process with the same number, as in the next life of a container; '' where unknown. */
  readonly started: string
}

export type Processes = {
  readonly self: Owner
  /** Whether this process of this host is alive. */
  isAlive(owner: Owner): boolean
}

/** When a process began, in the kernel's ticks since boot (proc(5), field 22 of stat), with the boot's id. */
const startOf = (pid: number): string => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? []
    return `${fields[19] ?? ''}@${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}`
  } catch {
    // No such process, or a system without /proc.
    return ''
  }
}

const answersSignals = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** The machine's processes. */
export const realProcesses = (): Processes => ({
  self: { pid: process.pid, host: hostname(), started: startOf(process.pid) },
  isAlive: ({ pid, started }) => answersSignals(pid) && startOf(pid) === started,
})
