import TernBatch
import TernBatchWorkers
import Testing

@Suite("What stops a job")
struct JobControlTests {
    @Test("BR-SC-2: who stops a job while its record is read is heard")
    func stopWhileReading() async {
        let control = JobControl()
        await control.takeUp { control.stop() }
        #expect(control.isStopping)
    }

    @Test("What stopped a job before its record was read is over")
    func stopBeforeReading() async {
        let control = JobControl()
        control.stop()
        #expect(control.isStopping)
        await control.takeUp {}
        #expect(!control.isStopping)
    }

    @Test("BR-TH-1: too many failures stop a job until its tasks are begun again with other counts")
    func threshold() async {
        let control = JobControl()
        control.begin(.init(total: 2000, succeeded: 0, failed: 999))
        #expect(!control.isStopping)
        control.count(.failed(status: 404, code: "NoSuchKey", message: ""))
        #expect(control.isStopping && control.exceedsThreshold)
        await control.takeUp {}
        #expect(control.isStopping)
        control.begin(.init(total: 2000, succeeded: 1000, failed: 1000))
        #expect(!control.isStopping)
        #expect(control.counted == 1)
    }

    @Test("BR-TH-1, BR-RS-1: a job whose tasks had failed too often before a crash or a pause does not run on")
    func thresholdOfBefore() async {
        let control = JobControl()
        control.begin(.init(total: 1001, succeeded: 500, failed: 501))
        #expect(control.isStopping && control.exceedsThreshold)
        await control.takeUp {}
        #expect(control.isStopping)
        control.begin(.init(total: 1000, succeeded: 500, failed: 500))
        #expect(!control.isStopping)
    }
}
