/**
 * Ends a hook when its work has ended. A hook that only sometimes has to wait takes `done`: on the way where it need
 * not, a promise for each request would cost more than the hook.
 */
export async function endHook(work: Promise<void>, done: (error?: Error) => void): Promise<void> {
  try {
    await work;
  } catch (error) {
    return done(error instanceof Error ? error : new Error("a hook failed", { cause: error }));
  }
  return done();
}
