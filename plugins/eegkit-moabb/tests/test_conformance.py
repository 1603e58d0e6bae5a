"""The data sets of this plugin keep eegkit's contract."""

from eegkit import registry, testing


def test_the_family_is_registered():
    [entry] = [e for e in registry.families("datasets") if e.distribution == "eegkit-moabb"]
    assert entry.name == "moabb"


def test_generated():
    cls = registry.get("datasets", "moabb:FakeDataset")
    for check in testing.dataset_checks(cls(subjects=[1, 3], tmax=1.0, target_sfreq=64.0)):
        check()


def test_files(bnci):
    cls = registry.get("datasets", "moabb:BNCI2014_001")
    for check in testing.dataset_checks(cls(subjects=[1], path=bnci.folder)):
        check()


def test_the_facts_of_all():
    family = registry.get_family("datasets", "moabb")
    assert len(family.member_names()) > 150
    for name in family.member_names():
        cls = family.member(name)
        assert not [fact for fact, told in cls.facts().items() if told in ("", None)], name
        assert cls.n_subjects > 0
        assert cls.n_channels > 0
        assert cls.recorded_sfreq > 1
        assert len(cls.classes) > 0
