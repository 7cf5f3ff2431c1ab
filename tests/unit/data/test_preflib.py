"""PrefLib files: read, written, and refused with the line that is wrong."""

import numpy as np
import pytest

from pluralism import Ballots, DataError, LabelError

HEAD = "# NUMBER ALTERNATIVES: 3\n" + "".join(
    f"# ALTERNATIVE NAME {number}: {name}\n" for number, name in enumerate("abc", start=1)
)


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def test_names_keep_file_order_and_ties_are_read(tmp_path):
    text = HEAD.replace(": a", ": Zoë").replace(": c", ": 千代") + "2: 3,{1,2}\n5: { 2 , 1 }\n"
    ballots = Ballots.from_preflib(write(tmp_path / "x.toi", text))
    assert ballots.alternatives == ("Zoë", "b", "千代")
    assert ballots.counts.tolist() == [2, 5]
    np.testing.assert_array_equal(ballots.ranks, [[1, 1, 0], [0, 0, 255]])


def test_blanks_between_groups_mean_nothing(tmp_path):
    text = HEAD + "1: {1, 2}  ,  3\n2: 3, {1,2} \n"
    ballots = Ballots.from_preflib(write(tmp_path / "x.toc", text))
    assert ballots.rankings() == [(("a", "b"), "c"), ("c", ("a", "b"))]


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_line_ends_and_byte_order_mark(tmp_path, ending):
    text = "\ufeff" + (HEAD + "1: 1,2,3\n").replace("\n", ending)
    ballots = Ballots.from_preflib(write(tmp_path / "x.soc", text))
    assert ballots.rankings() == [("a", "b", "c")]


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("soc", "1: 1,2\n", "line 5: 2 of 3 alternatives"),
        ("soi", "1: 1,{2,3}\n", "line 5: a tied group"),
        ("soi", "1: 1\n2: 1,4\n", r"line 6: alternative 4 is not in 1\.\.3"),
        ("soi", "1: 1,1\n", "line 5: alternative 1 appears twice"),
        ("soi", "1:\n", "line 5: the ballot is empty"),
        ("soi", "1: 1,\n", "does not continue the ballot"),
        ("soi", "1: ,1\n", "is no alternative"),
        ("soi", "1 1,2\n", "line 5: .* does not start with a count and a colon"),
        ("soi", "-1: 1,2\n", "does not start with a count"),
        ("toi", "1: {1,2\n", "is no alternative and no group in braces"),
        ("toi", "1: {}\n", "an empty group"),
        ("toi", "1: b\n", "must hold numbers"),
        ("soi", "1: 1 2,3\n", "'1 2' must hold numbers"),
        ("toi", "1: {1,2} 3\n", "line 5: '3' does not continue the ballot"),
        ("soi", "", "holds no ballot"),
        ("soi", "1: 1,\t,2\n", r"line 5: nothing stands before the comma in '1,\\t,2'"),
        ("wmd", "1,2,1.0,4\n", "is not 'source,target,weight'"),
        ("wmd", "1,2,inf\n", "is not 'source,target,weight'"),
        ("wmd", "1,2\n", "is not 'source,target,weight'"),
        ("wmd", "1,9,1.0\n", "names a vertex"),
        ("wmd", "1,2,1.0\n1,2,2.0\n", "the edge 1,2 appears twice"),
        ("wmd", "1,2,1_0\n", "line 5: '1,2,1_0' is not 'source,target,weight'"),
        ("wmd", "1,1_0,1\n", "line 5: a vertex is '1_0'; it must be a whole number"),
        ("wmd", "1,2,9007199254740993\n", "line 5: the weight is 9007199254740993; to stay"),
        ("wmd", f"1,2,{'9' * 400}\n", "line 5: .* is not 'source,target,weight'"),
        ("soc", "9007199254740993: 1,2,3\n", r"line 5: the count is 9007199254740993; .* 2\*\*53"),
        ("soc", f"1: 1,2,3\n{'9' * 400}: 1,2,3\n", r"line 6: the count is 9{40}\.\.\.; to stay"),
        ("soc", f"1: 1,2,{'3' * 5000}\n", r"line 5: an alternative is 3{40}\.\.\.; to stay"),
    ],
)
def test_the_wrong_line_is_named(tmp_path, kind, body, message):
    with pytest.raises(DataError, match=message):
        Ballots.from_preflib(write(tmp_path / f"x.{kind}", HEAD + body))


def test_totals_that_do_not_fit_are_noted_and_names_that_do_not_are_refused(tmp_path):
    text = "# NUMBER VOTERS: 4\n# NUMBER UNIQUE ORDERS: 7\n" + HEAD + "1: 1,2,3\n"
    ballots = Ballots.from_preflib(write(tmp_path / "x.soc", text))
    assert ballots.notes == (
        "'x.soc', line 1: NUMBER VOTERS is 4, the file has 1",
        "'x.soc', line 2: NUMBER UNIQUE ORDERS is 7, the file has 1",
    )
    assert "line 1: NUMBER VOTERS is 4" in repr(ballots)
    with pytest.raises(DataError, match=r"announces 4 names .* gives 3; number 4 is missing"):
        Ballots.from_preflib(
            write(tmp_path / "x.soc", HEAD.replace("ALTERNATIVES: 3", "ALTERNATIVES: 4") + "1: 1\n")
        )
    huge = HEAD.replace("ALTERNATIVES: 3", f"ALTERNATIVES: {2**53}")
    with pytest.raises(DataError, match="gives 3; number 4 is missing"):
        Ballots.from_preflib(write(tmp_path / "x.soc", huge + "1: 1\n"))
    with pytest.raises(DataError, match="line 3: ALTERNATIVE NAME 2 is empty"):
        Ballots.from_preflib(write(tmp_path / "x.soc", HEAD.replace(": b", ":") + "1: 1,2,3\n"))
    with pytest.raises(DataError, match="it must be a whole number"):
        Ballots.from_preflib(
            write(tmp_path / "x.soc", HEAD.replace("ALTERNATIVES: 3", "ALTERNATIVES: x") + "1: 1\n")
        )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("# ALTERNATIVE NAME 1: z", "line 5: ALTERNATIVE NAME 1 stands in line 2 already"),
        ("# ALTERNATIVE NAME 02: z", "line 5: ALTERNATIVE NAME 2 is there already, as 'b'"),
        ("# NUMBER ALTERNATIVES: 2", "line 5: NUMBER ALTERNATIVES stands in line 1 already"),
    ],
)
def test_what_stands_twice_in_the_header_is_refused(tmp_path, line, message):
    with pytest.raises(DataError, match=message):
        Ballots.from_preflib(write(tmp_path / "x.soc", f"{HEAD}{line}\n1: 1,2,3\n"))


def test_the_largest_count_makes_a_round(tmp_path):
    ballots = Ballots.from_rankings(["ab", "ba"], counts=[2.0**53 - 1, 1.0])
    ballots.to_preflib(tmp_path / "x.soc")
    assert Ballots.from_preflib(tmp_path / "x.soc").counts.tolist() == [2.0**53 - 1, 1.0]


def test_files_that_are_no_preflib(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        Ballots.from_preflib(tmp_path / "absent.soc")
    with pytest.raises(DataError, match="is of kind 'txt'"):
        Ballots.from_preflib(write(tmp_path / "x.txt", HEAD))
    with pytest.raises(DataError, match="is not UTF-8 at byte"):
        Ballots.from_preflib(write(tmp_path / "x.soc", HEAD + "é", encoding="latin-1"))
    with pytest.raises(LabelError, match="repeats the label 'a'"):
        Ballots.from_preflib(write(tmp_path / "x.soc", HEAD.replace(": b", ": a") + "1: 1,2,3\n"))


def test_categories_with_an_empty_one(tmp_path):
    text = (
        "# NUMBER CATEGORIES: 3\n# CATEGORY NAME 1: good\n# CATEGORY NAME 2: fair\n"
        "# CATEGORY NAME 3: poor\n" + HEAD + "4: {1,2},{},3\n1: {},{1,2,3}\n"
    )
    ballots = Ballots.from_preflib(write(tmp_path / "x.cat", text))
    assert ballots.categories == ("good", "fair", "poor")
    np.testing.assert_array_equal(ballots.ranks, [[0, 0, 2], [1, 1, 1]])
    ballots.to_preflib(tmp_path / "y.cat")
    again = Ballots.from_preflib(tmp_path / "y.cat")
    np.testing.assert_array_equal(again.ranks, ballots.ranks)
    assert again.categories == ballots.categories


def test_approvals_make_a_round_through_cat(tmp_path):
    ballots = Ballots.from_approvals([{"a"}, set(), {"a", "b", "c"}], counts=[1, 2, 3])
    ballots.to_preflib(tmp_path / "x.cat")
    again = Ballots.from_preflib(tmp_path / "x.cat")
    np.testing.assert_array_equal(again.approvals, ballots.approvals)
    np.testing.assert_array_equal(again.counts, ballots.counts)


def test_matching_data_make_a_round_through_wmd(tmp_path):
    ballots = Ballots.from_preflib(write(tmp_path / "x.wmd", HEAD + "1,2,1.5\n1,3,2.0\n3,1,1.0\n"))
    assert ballots.rankings() == [("c", "b"), (), ("a",)]
    ballots.to_preflib(tmp_path / "y.wmd")
    again = Ballots.from_preflib(tmp_path / "y.wmd")
    np.testing.assert_array_equal(again.utilities, ballots.utilities)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x.soc", "no place for tied ranks"),
        ("x.toc", "no place for unranked"),
        ("x.cat", "needs approvals or categories"),
        ("x.wmd", "needs utilities"),
        ("x.csv", "must end in one of"),
    ],
)
def test_ballots_that_do_not_fit_a_kind_are_refused(tmp_path, name, message):
    ballots = Ballots.from_rankings([("a", ("b", "c")), ("d",)])
    with pytest.raises(DataError, match=message):
        ballots.to_preflib(tmp_path / name)


def test_matching_data_are_of_one_each(tmp_path):
    ballots = Ballots.from_utilities([[1, 2], [2, 1]], counts=[1, 2])
    with pytest.raises(DataError, match=r"'\.wmd' has no place for counts other than 1"):
        ballots.to_preflib(tmp_path / "x.wmd")


def test_writing_never_loses_weights_or_names(tmp_path):
    with pytest.raises(DataError, match="fractional weights"):
        Ballots.from_rankings(["ab"], counts=[0.5]).to_preflib(tmp_path / "x.soc")
    with pytest.raises(DataError, match="line break or outer blanks"):
        Ballots.from_rankings([("a\nb", "c")]).to_preflib(tmp_path / "x.soc")
    with pytest.raises(DataError, match="would lose what the approvals say"):
        Ballots.from_approvals([{"a"}], alternatives="ab").to_preflib(tmp_path / "x.toc")
