package matrix

import "testing"

// row is one fault and what is promised under it. docs/guarantees.md has the same table.
type row struct {
	name  string // of its subtest
	fault string
	holds string
	run   []func(*testing.T) // breaks the whole tree that way; none where another test does
	by    []string           // tests that prove it too: package path and name
}

var rows = []row{
	{
		name: "cut", fault: "connection cut, reset, or the broker killed",
		holds: "strategies are told at once (`Disconnected`), and of the stretch that is missing (`Gap`) before the first event after it; every wanted subscription is back; events are back within the longest delay and a dial",
		run:   []func(*testing.T){aCut},
		by: []string{"test/integration.TestACutIsToldAtOnceThenTheGapThenNothingOld", "test/integration.TestEverySubscriptionIsBackAfterEveryCut",
			"test/mosquitto.TestABrokerThatIsKilledAndStartedAgainIsFoundAgain", "test/network.TestALinkThatBreaksIsMadeAnewAndTheBooksBalance"},
	},
	{
		name: "half-open link", fault: "half-open link: packets vanish in both directions",
		holds: "noticed within keep-alive + ping time-out + one check (2 s); then as a cut",
		run:   []func(*testing.T){aHalfOpenLink},
		by:    []string{"test/mosquitto.TestABrokerThatFallsSilentIsNoticed", "test/network.TestALinkOnWhichEverythingVanishesIsNoticedInTime"},
	},
	{
		name: "slow link", fault: "latency, jitter, little bandwidth, small pieces, a slow close on the link",
		holds: "below the time-out no connection is taken for lost; the order is kept; nothing is missing",
		run:   []func(*testing.T){aSlowLink},
		by:    []string{"test/network.TestALinkThatIsSlowOrNarrowIsNoDeadOne"},
	},
	{
		name: "token near its end", fault: "token near its end",
		holds: "renewed before it, one login or refresh at a time, no dial with a token that has ended; the new connection takes over topic by topic, nothing is lost, and a message comes twice only where equal payloads leave it undecidable, which is counted; where one connection is allowed, a `Gap` says so",
		run:   []func(*testing.T){aTokenThatEnds},
		by: []string{"test/integration.TestRollOversUnderLoadLoseNothingAndGiveNothingTwice", "test/integration.TestEqualPayloadsAreGivenTwiceRatherThanLost",
			"test/integration.TestAnExchangeThatAllowsOneConnectionIsMetByClosingFirst", "internal/seam.TestNoRollOverLosesAMessage",
			"test/mosquitto.TestTokensThatEndLoseNothingOnMosquitto", "test/integration.TestTokensThatEndAtOnceCostOneNewLogin", "test/virtual.TestATokenThatEndedBeforeItCouldBeRenewedIsMadeUpFor", "test/virtual.TestARollOverWaitsForTheOneBefore"},
	},
	{
		name: "REST", fault: "REST: 401, 403, 429, 5xx, time-out, garbage, a huge body, a redirect",
		holds: "classed and counted; attempts never exceed the schedule, calls never 60 a minute; credentials follow no redirect; no secret in the log; a refusal before any login succeeded ends the tree, later it is a fault",
		run:   []func(*testing.T){aRESTCallThatFails},
		by: []string{"internal/settrade.TestEveryAnswerHasItsClassAndOneClearLine", "internal/settrade.TestTheLimitsAreNeverPassedWhereTheyAreCounted",
			"test/virtual.TestAnHourOfFailuresPassesNoLimitOfTheAPI", "internal/settrade.TestAnAnswerMustEndInTime",
			"internal/settrade.TestAnAnswerOf100MBIsNotRead", "internal/settrade.TestCredentialsFollowNoRedirectOfAnyCall",
			"test/integration.TestWhatLoginsAnswer", "test/integration.TestAfterOneLoginARefusalIsAFaultAndIsRetriedSlowly",
			"test/integration.TestRefusedTokensAndCredentialsMakeNoStormOfLogins", "test/virtual.TestARenewalThatIsRefusedMakesNoStormOfLogins"},
	},
	{
		name: "refused handshake", fault: "TLS failure; CONNACK 1 to 5, 6 and more",
		holds: "classed and counted; never connected, no epoch",
		run:   []func(*testing.T){aRefusedHandshake},
		by: []string{"test/integration.TestACONNACKThatRefusesIsNeverConnected", "test/integration.TestAnUnknownAuthorityIsATLSFailureThatSaysWhatToDo",
			"test/mosquitto.TestACertificateThatIsExchangedIsTakenFromTheSameAuthorityAlone"},
	},
	{
		name: "refused subscription", fault: "SUBACK 0x80, none, with more codes than asked; a rejection on the `$sys` topic",
		holds: "that symbol is `rejected`, not live, and asked for again; the others go on; an answer that cannot be costs the connection and nothing else",
		run:   []func(*testing.T){aRefusedSubscription},
		by: []string{"test/integration.TestARefusedTopicIsAWarningAndTheRestGoesOn", "actors/session.TestWhatIsRefusedOrMissingIsAskedForAgainInTime",
			"internal/lane.TestAnswersAreHeldToWhatWasAsked"},
	},
	{
		name: "mute subscription", fault: "a subscription that was acknowledged and is mute",
		holds: "noticed by the symbol's own rate and the market's activity; subscribed anew, then the connection is made anew with reason `stall`, once, not again and again",
		by: []string{"test/integration.TestAMuteSubscriptionIsNamedAskedForAnewAndThenTheConnectionIsMadeAnew",
			"test/integration.TestSubscriptionsThatAreNeverAnsweredEndTheConnectionAsAStall", "actors/session.TestAMuteTopicIsSubscribedAnewThenTheConnectionIsMadeAnewOnce",
			"actors/session.TestAQuietMarketAndAClosedOneAreNoTopicsFault"},
	},
	{
		name: "hostile payload", fault: "malformed, truncated, hostile protobuf",
		holds: "one decode error each, kept with its bytes; the next message is decoded; the heap is bounded",
		run:   []func(*testing.T){aHostilePayload},
		by: []string{"test/integration.TestADamagedStreamStillBalances", "actors/decoder.TestEveryBadMessageIsOneCounterAndItsBytesAreKept",
			"internal/codec.FuzzDecode", "internal/codec.TestNestedGroupsAreReadToABoundedDepth"},
	},
	{
		name: "hostile packet", fault: "what no broker may send: a length of 268 MB, a SUBACK nobody asked for, a PUBLISH cut in the middle, QoS 1, text frames, garbage",
		holds: "refused on the connection and counted by packet; that connection ends and nothing else; memory is bounded",
		run:   []func(*testing.T){aHostilePacket},
		by: []string{"test/integration.TestWhatNoBrokerMaySendEndsTheConnectionAndNothingElse", "test/integration.TestHostilePacketsCostNoMemory",
			"internal/lane.TestPacketsThatMustNotBeEndTheConnection", "internal/lane.TestAClaimOf268MBAllocatesNothingLikeIt",
			"internal/lane.TestWhatTheLaneDeliversIsWhatTheClientsOwnReaderDoesHoweverTheStreamIsCut"},
	},
	{
		name: "unknown topic", fault: "unknown topic, oversized payload",
		holds: "their own counters + 1 each, nothing else changes",
		run:   []func(*testing.T){whatNobodyAskedFor},
		by:    []string{"internal/lane.TestAnOversizedPayloadIsSkippedAndTheNextMessageArrives"},
	},
	{
		name: "duplicate subscription", fault: "a symbol wanted by several strategies, or again and again",
		holds: "one subscription at the broker, one delivery a message to each",
		run:   []func(*testing.T){aSymbolWantedTwice},
		by:    []string{"actors/session.TestATopicIsWantedUntilItsLastOwnerGoes"},
	},
	{
		name: "slow strategy", fault: "slow strategy, overflow",
		holds: "the others and the ingest notice nothing; the survivors are the newest in order; the drops are counted exactly and told before the first survivor",
		run:   []func(*testing.T){aSlowStrategy},
		by: []string{"test/integration.TestASlowStrategyKeepsTheNewestAndIsTold", "internal/mailbox.TestEveryHistoryBalancesAndMatchesTheModel", "test/integration.TestAFullMailboxBlocksNobody",
			"test/integration.TestConflationKeepsTheNewestInTheFirstOnesPlaceAndMovesNothingAcrossANotice"},
	},
	{
		name: "panicking strategy", fault: "panicking strategy, panicking decoder",
		holds: "that one event is `failed` and kept for inspection; the rest of the queue is delivered after the restart; siblings lose nothing; the process lives",
		run:   []func(*testing.T){aPanickingStrategy},
		by: []string{"test/integration.TestAStrategyThatPanicsRestartsWhileTheOthersLoseNothing", "actors/decoder.TestAPanicCostsItsMessageAndNothingThatWasGathered",
			"internal/mailbox.TestAGoexitIsAFailureToo", "internal/mailbox.TestEveryLedgerIsExactUnderStress",
			"test/integration.TestHoweverAStrategyFailsItCostsOneEvent", "test/integration.TestAStrategyThatCannotStartLosesNothingOnceItCan"},
	},
	{
		name: "blocked strategy", fault: "a strategy that does not return",
		holds: "replaced on the same queue after its deadline, that event `failed`; when the old one wakes it consumes and counts nothing and reaches nobody; the end is within its own deadline",
		run:   []func(*testing.T){aBlockedStrategy, aBlockedEnd},
		by: []string{"test/integration.TestAStrategyThatIsStuckAgainAndAgainIsQuarantined", "internal/mailbox.TestAReplacedActorThatWakesUpConsumesAndCountsNothing",
			"supervision.TestAnActorThatNeverReturnsIsAbandoned", "test/integration.TestAnActorThatWasReplacedReachesNobodyWhenItWakes"},
	},
	{
		name: "failing part", fault: "an actor of the tree itself fails, or many strategies at once",
		holds: "it restarts with those that its scope names, and nothing in the queues is lost; beyond its budget it is quarantined or escalates, at the root to an orderly end; one's delay holds up no other",
		by: []string{"feedtree.TestADecodersFailureWithRestForOneRestartsWhatIsBehindItAndLosesNothing", "feedtree.TestADispatchersFailureWithOneForAllRestartsTheSessionToo",
			"feedtree.TestASessionThatPanicsIsRestartedAndConnectsAgain", "feedtree.TestAStormOfPanicsEndsInQuarantinesWithTheBooksBalanced",
			"supervision.TestTenThousandHistoriesKeepDelaysBudgetsAndForgetting", "supervision.TestInRandomHistoriesOneChildsBackoffNeverDelaysAnother"},
	},
	{
		name: "collector", fault: "OTLP collector down, refusing or slow",
		holds: "what telemetry drops is counted; the feed and its end are not held up",
		by: []string{"telemetry/tracing.TestASlowCollectorCostsSpansCountedAndHoldsNobodyUp", "telemetry/tracing.TestACollectorThatIsNotThereHoldsTheEndUpNoLongerThanItMay",
			"test/telemetry.TestACollectorThatIsNotThereCostsACountAndALogLine"},
	},
	{
		name: "wall clock", fault: "the wall clock jumps by an hour",
		holds: "no timer is early or late, no age is wrong: everything is measured on the monotonic clock, the token's lifetime too; only the market's calendar follows the wall clock",
		by:    []string{"internal/clock.TestNothingMeasuresByTheWallClock", "internal/clock.TestNoElapsedTimeIsNegative"},
	},
	{
		name: "flapping broker", fault: "a broker that accepts and drops, again and again",
		holds: "the delays grow all the same, attempts stay within the schedule, one connection at a time",
		run:   []func(*testing.T){aBrokerThatDrops},
		by:    []string{"test/virtual.TestABrokerThatAcceptsAndDropsIsMetEverMoreSeldom", "supervision.TestAReconnectForgetsOnlyAfterItStood", "supervision.TestADelayNeverLeavesItsBounds"},
	},
	{
		name: "two at once", fault: "two at once: a cut during a roll-over or a login, an expiry during a backoff; a stop during a login, a dial, a backoff, a roll-over",
		holds: "one winner; no attempt after a stop, and no waiting for a delay; a second stop is safe",
		run:   []func(*testing.T){coincidences, stops},
		by: []string{"actors/session.TestEveryHistoryKeepsTheConnectionLedger", "test/integration.TestAStopDuringADelayDoesNotWaitForItAndTwiceIsSafe",
			"test/integration.TestAStopRightAfterTheStartIsNoRace", "test/integration.TestAServerThatNeverAnswersIsAbandonedByAStop",
			"test/integration.TestTheOldConnectionLostDuringTheRollOverIsOneOutage", "test/integration.TestTheNewConnectionLostDuringTheRollOverCostsNothing",
			"test/integration.TestCutsDuringRollOversLeaveOneConnectionAndBalancedBooks", "test/integration.TestAStopDuringEachStepOfARollOverEndsInOrder"},
	},
	{
		name: "a day", fault: "a day of 200 outages (virtual time)",
		holds: "the books balance, every outage is told, goroutines and heap stay flat, nothing monotonic goes back",
		by:    []string{"test/virtual.TestADayOfOutagesBalances"},
	},
	{
		name: "process ends", fault: "SIGTERM under load, twice, or during a login, a dial, a backoff",
		holds: "exit 0 within the deadline, nothing queued, ledgers exact; no attempt after it; a second signal ends the process at once",
		by: []string{"test/process.TestTerminatedUnderLoadItEndsInOrderWithNothingQueued",
			"test/process.TestASecondSignalForcesTheEnd",
			"test/process.TestTerminatedWhileItConnectsItEndsAtOnceAndTriesNoMore", "test/process.TestTerminatedInADialItEndsAtOnceAndTriesNoMore"},
	},
	{
		name: "process is killed", fault: "SIGKILL",
		holds: "a sandbox exchange that it had started ends with it; it can be started again at the same address, and the old token opens nothing",
		by:    []string{"test/process.TestKilledItTakesItsExchangeAlongAndCanBeStartedAgain"},
	},
	{
		name: "full disk", fault: "a full disk under the log, the output, the token file",
		holds: "the feed goes on; output that could not be written makes the exit code 1; without a token what wants one is refused. What is kept of bad messages is in memory alone, bounded",
		by: []string{"test/process.TestAFullDiskUnderItsLogStopsNothing",
			"test/process.TestAFullDiskUnderItsOutputStopsNothingAndIsSaidAtTheEnd",
			"test/process.TestWithoutRoomForItsTokenItRunsAndRefusesWhatWantsOne",
			"test/integration.TestFailuresWithLargeStacksNeverPassTheStoresBounds"},
	},
	{
		name: "secrets", fault: "each of the exchange's faults, at log level debug",
		holds: "no secret, token or account number is in the log, a trace, a page of the door, an answer of a sub-command, or a dump of all goroutines",
		by: []string{"test/process.TestSecretsAppearNowhereThroughEveryFault",
			"test/process.TestTheTokenOfTheDoorAppearsNowhere",
			"test/process.TestADumpOfAllGoroutinesShowsNoSecret"},
	},
	{
		name: "door", fault: "a stranger on the network, or a client that is slow, at the door",
		holds: "off loopback nobody is answered who shows no token or certificate, and the door is not opened without TLS and one of these; who holds a connection up is let go, and holds up nobody else; a certificate that is renewed is picked up, one that is broken replaces nothing",
		by: []string{"cmd/runner/internal/httpd.TestOffLoopbackNobodyGetsInWhoIsNotKnown",
			"cmd/runner/app.TestADoorThatIsNotSecureIsNotOpenedNorPassedByTheCheck",
			"cmd/runner/internal/httpd.TestAClientThatDoesNotShakeHandsIsLetGoAndHoldsUpNobody",
			"cmd/runner/internal/httpd.TestWhileWhatIsNewIsBrokenWhatWasBeforeGoesOn",
			"cmd/runner/internal/httpd.TestATokenFollowsNoRedirectAndGoesToNoOtherMachineInTheClear"},
	},
	{
		name: "soak", fault: "an hour in real time: load, outages, roll-overs, strategies that panic, block and lag",
		holds: "the books balance; a feed that falls silent costs no CPU; after the end the process holds what it held before",
		by:    []string{"test/soak.TestASoakBalancesAndReturnsWhatItHeld"},
	},
}
